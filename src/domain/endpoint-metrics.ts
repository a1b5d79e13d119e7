import type { Family, Labels } from "../lib/metrics/family.ts";
import { refusalReasons } from "./refusal.ts";
import type { EndpointFigures } from "./report.ts";
import type { SnapshotEndpoint } from "./snapshot.ts";

/** What metrics say of an endpoint. Sources are left out: who connected is for those who may ask. */
export interface EndpointRow {
  readonly place: Pick<SnapshotEndpoint, "serviceId" | "vpcId" | "maxSession">;
  readonly figures: EndpointFigures;
}

export function endpointLabels({ place, figures }: EndpointRow): Labels {
  return [
    ["endpoint", figures.endpointId],
    ["service", place.serviceId],
    ["network", place.vpcId],
  ];
}

/**
 * Returns the metrics that endpoints have in a gateway, and in the server that it reports to: under names of their own
 * there, so that no sum counts a session twice.
 */
export function endpointFamilies(prefix: string): readonly Family<EndpointRow>[] {
  return [
    {
      name: `${prefix}_sessions`,
      help: "Live sessions.",
      type: "gauge",
      series: [{ value: ({ figures }) => figures.sessions }],
    },
    {
      name: `${prefix}_session_limit`,
      help: "Most sessions at once.",
      type: "gauge",
      series: [{ value: ({ place }) => place.maxSession }],
    },
    {
      name: `${prefix}_new_sessions_total`,
      help: "Sessions that were let in.",
      type: "counter",
      series: [{ value: ({ figures }) => figures.newSessions }],
    },
    {
      name: `${prefix}_bytes_total`,
      help: "Bytes carried; in: from consumers to nodes.",
      type: "counter",
      series: [
        { label: ["direction", "in"], value: ({ figures }) => figures.bytesIn },
        { label: ["direction", "out"], value: ({ figures }) => figures.bytesOut },
      ],
    },
    {
      name: `${prefix}_refusals_total`,
      help: "Connections that were refused, by reason.",
      type: "counter",
      series: refusalReasons.map((reason) => ({
        label: ["reason", reason] as const,
        value: ({ figures }: EndpointRow) => figures.refusals[reason],
      })),
    },
  ];
}
