import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Cluster, Endpoint } from "../../api/generated.ts";
import { Copyable } from "../../parts/copyable.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster;

interface ServiceFactsProps {
  readonly service: NonNullable<Cluster["service"]>;
  /** The endpoint in the owner's own network; undefined while it is not known, or is not there. */
  readonly own: Endpoint | undefined;
}

/** What there is to tell to whoever wants to connect, and what the service offers. */
export function ServiceFacts({ service, own }: ServiceFactsProps) {
  return (
    <KeyValuePairs
      columns={3}
      items={[
        {
          label: t.service,
          value: service.enabled ? (
            <StatusIndicator>{t.isOpen}</StatusIndicator>
          ) : (
            <StatusIndicator type="stopped">{t.isClosed}</StatusIndicator>
          ),
        },
        { label: t.serviceName, value: <Copyable text={service.name} what={t.serviceName} /> },
        {
          label: t.ownAddress,
          value: own ? (
            <>
              <Copyable text={own.ip} what={t.ownAddress} />
              {own.ip6 === undefined ? null : (
                <div>
                  <Copyable text={own.ip6} what={t.ownAddress6} />
                </div>
              )}
            </>
          ) : (
            "–"
          ),
        },
        {
          label: t.ownName,
          value: own?.dns_name === undefined ? "–" : <Copyable text={own.dns_name} what={t.ownName} />,
        },
        { label: t.offer, value: t.offers(service, own?.ip6 !== undefined) },
        { label: t.approval, value: service.approval_enabled ? t.approves : t.whitelistApproves },
      ]}
    />
  );
}
