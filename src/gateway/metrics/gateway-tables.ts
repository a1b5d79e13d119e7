import { endpointFamilies, endpointLabels, type EndpointRow } from "../../domain/endpoint-metrics.ts";
import type { EndpointId, NodeId, ServiceId } from "../../domain/ids.ts";
import type { EndpointFigures } from "../../domain/report.ts";
import type { Snapshot } from "../../domain/snapshot.ts";
import type { Table } from "../../lib/metrics/family.ts";
import { rowsInTurns } from "../../lib/metrics/rows-in-turns.ts";

/** Where a gateway's metrics come from. */
export interface GatewaySources {
  /** What is to be in force; undefined before the first. */
  readonly snapshot: () => Snapshot | undefined;
  readonly figures: () => readonly EndpointFigures[];
  /** Whether a node serves; null where it was not asked yet. */
  readonly isHealthy: (node: NodeId) => boolean | null;
}

/** Returns the metrics of each endpoint that the gateway carries. */
export function endpointTable({ snapshot, figures }: GatewaySources): Table<EndpointRow> {
  const placesNow = placesOf(snapshot);
  return {
    families: endpointFamilies("postern_endpoint"),
    labels: endpointLabels,
    rows: () => {
      const places = placesNow();
      return rowsInTurns(figures(), (own) => {
        const place = places.get(own.endpointId);
        return place && { place, figures: own };
      });
    },
  };
}

type Places = ReadonlyMap<EndpointId, EndpointRow["place"]>;

/** Returns what finds endpoints by id; it is made anew where there is another snapshot. */
function placesOf(snapshot: GatewaySources["snapshot"]): () => Places {
  let known: Snapshot | undefined;
  let places: Places = new Map();
  return () => {
    const now = snapshot();
    if (now !== known) places = new Map(now?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    known = now;
    return places;
  };
}

interface NodeRow {
  readonly serviceId: ServiceId;
  readonly nodeId: NodeId;
  readonly isHealthy: boolean;
}

/** Returns the metrics of each node of each service; one that was not asked yet is left out. */
export function nodeTable({ snapshot, isHealthy }: GatewaySources): Table<NodeRow> {
  return {
    families: [
      {
        name: "postern_node_healthy",
        help: "Whether the gateway's last check says that the node serves: 1 or 0.",
        type: "gauge",
        series: [{ value: (row) => Number(row.isHealthy) }],
      },
    ],
    labels: ({ serviceId, nodeId }) => [
      ["service", serviceId],
      ["node", nodeId],
    ],
    rows: () =>
      (snapshot()?.services ?? []).flatMap(({ id: serviceId, nodes }) =>
        nodes.flatMap(({ id: nodeId }) => {
          const health = isHealthy(nodeId);
          return health === null ? [] : [{ serviceId, nodeId, isHealthy: health }];
        }),
      ),
  };
}
