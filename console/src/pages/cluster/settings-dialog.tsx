import Checkbox from "@cloudscape-design/components/checkbox";
import { useState } from "react";
import type { Cluster, Endpoint, UpdateOpenedServiceBody } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster;
/** What the service offers, and how opening it calls that. */
const options = {
  dns: "endpoint_with_dns_name",
  professional: "profession_vpcep",
  dual_stack: "dualstack_enable",
  approval_enabled: "approval_enabled",
} as const satisfies Readonly<Record<keyof UpdateOpenedServiceBody, keyof typeof t.open.names>>;
type Option = keyof typeof options;

interface SettingsDialogProps {
  readonly cluster: Cluster;
  readonly service: NonNullable<Cluster["service"]>;
  readonly own: Endpoint | undefined;
  readonly onClose: () => void;
}

/** Changes what an open service offers. */
export function SettingsDialog({ cluster, service, own, onClose }: SettingsDialogProps) {
  const prefix = useSession().own;
  const isDualStack = own?.ip6 !== undefined;
  const [chosen, setChosen] = useState<Readonly<Record<Option, boolean>>>({
    dns: service.dns,
    professional: service.professional,
    dual_stack: isDualStack,
    approval_enabled: service.approval_enabled,
  });
  const change: Change = {
    title: t.settings.title(cluster.name),
    description: t.settings.text,
    confirm: t.settings.confirm,
    method: "PUT",
    path: `${prefix}/clusters/${cluster.id}/service`,
    body: chosen,
  };
  return (
    <ChangeDialog change={change} onClose={onClose}>
      {Object.entries(options).map(([name, opening]) => (
        <Checkbox
          key={name}
          checked={chosen[name as Option]}
          // An address that somebody may know already is never taken away.
          disabled={name === "dual_stack" && isDualStack}
          description={t.open.hints[opening]}
          onChange={({ detail }) => setChosen({ ...chosen, [name]: detail.checked })}
        >
          {t.open.names[opening]}
        </Checkbox>
      ))}
    </ChangeDialog>
  );
}
