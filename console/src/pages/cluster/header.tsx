import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { Cluster } from "../../api/generated.ts";
import { useEndpoints } from "../../api/use-endpoints.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { OpenDialog } from "./open-dialog.tsx";
import { ServiceFacts } from "./service-facts.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";

const t = texts.cluster;

/** Name, state, the service name to copy, and the buttons of the whole service. */
export function ClusterHeader({ cluster }: { readonly cluster: Cluster }) {
  const { own, info } = useSession();
  const [isOpening, setOpening] = useState(false);
  const [isChanging, setChanging] = useState(false);
  const [change, setChange] = useState<Change>();
  const { service, name } = cluster;
  const ownEndpoint = useEndpoints().data?.find((endpoint) => endpoint.service_id === service?.id);
  const close: Change = {
    title: t.close.title(name),
    description: t.close.text,
    confirm: t.close.confirm,
    method: "PUT",
    path: `/v1.0/${info.project_id}/clusters/${cluster.id}/vpcepservice/close`,
  };
  const remove: Change = {
    title: t.remove.title(name),
    description: t.remove.text(name),
    confirm: t.remove.confirm,
    method: "DELETE",
    path: `${own}/clusters/${cluster.id}`,
    farewell: { path: "/clusters", done: t.remove.done(name) },
  };
  return (
    <>
      <SpaceBetween size="m">
        <Header
          variant="h1"
          description={`${cluster.engine} ${cluster.version}`}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {service?.enabled ? <Button onClick={() => setChanging(true)}>{t.settings.open}</Button> : null}
              {service?.enabled ? (
                <Button onClick={() => setChange(close)}>{t.close.confirm}</Button>
              ) : (
                <Button variant="primary" onClick={() => setOpening(true)}>
                  {t.open.confirm}
                </Button>
              )}
              <Button onClick={() => setChange(remove)}>{t.remove.confirm}</Button>
            </SpaceBetween>
          }
        >
          {name}
        </Header>
        {service ? (
          <ServiceFacts service={service} own={ownEndpoint} />
        ) : (
          <StatusIndicator type="stopped">{t.isClosed}</StatusIndicator>
        )}
      </SpaceBetween>
      {service && isChanging ? (
        <SettingsDialog
          cluster={cluster}
          service={service}
          own={ownEndpoint}
          onClose={() => setChanging(false)}
        />
      ) : null}
      {isOpening ? <OpenDialog cluster={cluster} onClose={() => setOpening(false)} /> : null}
      {change ? <ChangeDialog change={change} onClose={() => setChange(undefined)} /> : null}
    </>
  );
}
