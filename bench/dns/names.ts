import { randomUUID } from "node:crypto";
import type { EndpointId, GatewayId, NodeId, ServiceId, VpcId } from "../../src/domain/ids.ts";
import { endpointDnsName, zoneName } from "../../src/domain/names.ts";
import type { Snapshot, SnapshotEndpoint } from "../../src/domain/snapshot.ts";

const names = 10_000;
const region = "region-1";
const zone = "postern.internal";
/** As Postern's gateways have it. */
const ttlS = 5;
const vpcId = randomUUID() as VpcId;
const serviceId = randomUUID() as ServiceId;

export const zoneOfAll = zoneName(region, zone);

/** Endpoints of one network, every other one with dual stack. */
export function makeEndpoints(): readonly SnapshotEndpoint[] {
  return Array.from({ length: names }, (_, index) => ({
    id: randomUUID() as EndpointId,
    serviceId,
    vpcId,
    attachment: "loopback",
    address: `10.0.${index >> 8}.${index & 255}`,
    ...(index % 2 === 0 ? {} : { address6: `fd00::${(index + 2).toString(16)}` }),
    hasName: true,
    clientPorts: [9200],
    maxSession: 3_000,
    refusal: null,
  }));
}

/** The state of a gateway that serves their names at an address. */
export function snapshotOf(endpoints: readonly SnapshotEndpoint[], address: string): Snapshot {
  const nodes = [{ id: randomUUID() as NodeId, host: "127.0.0.1", port: 9200 }];
  const healthCheck = { scheme: "http", path: "/", insecureSkipVerify: false } as const;
  return {
    format: 1,
    gatewayId: randomUUID() as GatewayId,
    region,
    revision: 1,
    services: [{ id: serviceId, nodes, healthCheck }],
    endpoints,
    dns: { zone, resolvers: [{ vpcId, address }] },
  };
}

/** The same names as a zone file. */
export function zoneFileOf(endpoints: readonly SnapshotEndpoint[], address: string): string {
  const records = endpoints.flatMap(({ id, address: address4, address6 }) => {
    const name = nameOf(id);
    return [`${name}. A ${address4}`, ...(address6 === undefined ? [] : [`${name}. AAAA ${address6}`])];
  });
  const times = `1 3600 600 604800 ${ttlS}`;
  const soa = `@ SOA ns.${zoneOfAll}. hostmaster.${zoneOfAll}. ${times}`;
  return [`$ORIGIN ${zoneOfAll}.`, `$TTL ${ttlS}`, soa, "@ NS ns", `ns A ${address}`, ...records, ""].join(
    "\n",
  );
}

/** What is asked, a question a line, all over the names: of ten, seven are for A, two for AAAA, one for no name. */
export function questionsAbout(endpoints: readonly SnapshotEndpoint[]): string {
  const step = 7_919;
  const lines = endpoints.map((_, index) => {
    const { id } = endpoints[(index * step) % endpoints.length] ?? { id: randomUUID() as EndpointId };
    const kind = index % 10;
    if (kind === 9) return `${nameOf(randomUUID() as EndpointId)} A`;
    return `${nameOf(id)} ${kind >= 7 ? "AAAA" : "A"}`;
  });
  return `${lines.join("\n")}\n`;
}

function nameOf(id: EndpointId): string {
  return endpointDnsName(id, region, zone);
}
