import Checkbox from "@cloudscape-design/components/checkbox";
import { useState } from "react";
import type { Cluster } from "../../api/generated.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.open;
const options = [
  "endpoint_with_dns_name",
  "profession_vpcep",
  "dualstack_enable",
  "approval_enabled",
] as const;

interface OpenDialogProps {
  readonly cluster: Cluster;
  readonly onClose: () => void;
}

/** Turns the endpoint service on, with what the owner chooses for it. */
export function OpenDialog({ cluster, onClose }: OpenDialogProps) {
  const { api, info } = useSession();
  const [chosen, setChosen] = useState({
    endpoint_with_dns_name: cluster.service?.dns ?? true,
    profession_vpcep: cluster.service?.professional ?? false,
    dualstack_enable: false,
    approval_enabled: cluster.service?.approval_enabled ?? true,
  });
  const path = `/v1.0/${info.project_id}/clusters/${cluster.id}/vpcepservice/open`;
  return (
    <Confirm
      title={t.title(cluster.name)}
      action={t.confirm}
      onDismiss={onClose}
      onConfirm={() => api.request("POST", path, { body: chosen })}
    >
      {options.map((name) => (
        <Checkbox
          key={name}
          checked={chosen[name]}
          description={t.hints[name]}
          onChange={({ detail }) => setChosen({ ...chosen, [name]: detail.checked })}
        >
          {t.names[name]}
        </Checkbox>
      ))}
    </Confirm>
  );
}
