import type { EndpointId } from "../domain/ids.ts";
import type { Snapshot, SnapshotEndpoint } from "../domain/snapshot.ts";
import { endpointId, gatewayId, nodeId, serviceId, uuid, vpcId } from "../domain/test-fixtures.ts";

/** Returns a snapshot of one service on one node, with `count` endpoints that are as `wish` says. */
export function aSnapshot(revision: number, count = 1, wish: Partial<SnapshotEndpoint> = {}): Snapshot {
  return {
    format: 1,
    gatewayId,
    region: "region-1",
    revision,
    services: [
      {
        id: serviceId,
        nodes: [{ id: nodeId, host: "127.0.0.1", port: 9 }],
        healthCheck: { scheme: "http", path: "/", insecureSkipVerify: false },
      },
    ],
    endpoints: Array.from({ length: count }, (_, n) => ({
      id: n === 0 ? endpointId : (uuid(500 + n) as EndpointId),
      serviceId,
      vpcId,
      attachment: "loopback",
      address: `127.80.0.${n + 2}`,
      clientPorts: [9200],
      maxSession: 3000,
      refusal: null,
      ...wish,
    })),
  };
}
