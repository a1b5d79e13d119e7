import type { EndpointId, NodeId, VpcId } from "../../domain/ids.ts";
import { endpointLabel, zoneName } from "../../domain/names.ts";
import type { Resolver, Snapshot, SnapshotService } from "../../domain/snapshot.ts";
import { AddressRecords, zoneSections, type ZoneSections } from "./records.ts";
import { labelKey, nameKey } from "./wire.ts";

/** The zone as one network sees it: what is not in here does not exist there. */
export interface View {
  /** Key of the zone's name. */
  readonly apex: string;
  readonly zone: ZoneSections;
  /** By key. `unknown`: whether the name leads anywhere will turn out in a moment; nobody is to remember an answer. */
  readonly names: ReadonlyMap<string, AddressRecords | "unknown">;
}

/** What is known of the world besides the snapshot. */
export interface Reachability {
  /** Endpoints that are not up. */
  readonly failed: ReadonlySet<EndpointId>;
  /** Whether a node serves; null where it was not asked yet. */
  readonly isHealthy: (node: NodeId) => boolean | null;
}

/**
 * Returns the zone of each network that has a name server. A name is in it while its endpoint admits connections, is up
 * and has a node that serves: a name never leads to an address that does not work. Pure.
 * @param ttlS how long answers may be kept, in seconds
 */
export function views(snapshot: Snapshot, known: Reachability, ttlS: number): ReadonlyMap<VpcId, View> {
  const { dns, region, revision, endpoints, services } = snapshot;
  if (!dns) return new Map();
  const zone = zoneName(region, dns.zone);
  const nameServer = `ns.${zone}`;
  const sections = zoneSections(zone, nameServer, revision % 2 ** 32, ttlS);
  const apex = nameKey(zone);
  const names = new Map<VpcId, Map<string, AddressRecords | "unknown">>();
  for (const { vpcId, address } of resolversOf(snapshot))
    names.set(vpcId, new Map([[nameKey(nameServer), new AddressRecords([address], ttlS)]]));
  const health = new Map(services.map((service) => [service.id, healthOf(service, known)]));
  for (const { id, vpcId, serviceId, address, refusal, hasName } of endpoints) {
    if (hasName !== true || refusal !== null || known.failed.has(id)) continue;
    const isServing = health.get(serviceId) ?? false;
    if (isServing === false) continue;
    const records = isServing === "unknown" ? isServing : new AddressRecords([address], ttlS);
    names.get(vpcId)?.set(labelKey(endpointLabel(id)) + apex, records);
  }
  return new Map([...names].map(([vpcId, ofVpc]) => [vpcId, { apex, zone: sections, names: ofVpc }]));
}

/** Returns the address of each network's name server, whatever carries the network. */
function resolversOf({ dns, networks = [] }: Snapshot): readonly Resolver[] {
  const ofKernel = networks.flatMap(({ id, resolver }) =>
    resolver === undefined ? [] : [{ vpcId: id, address: resolver }],
  );
  return [...(dns?.resolvers ?? []), ...ofKernel];
}

function healthOf({ nodes }: SnapshotService, { isHealthy }: Reachability): boolean | "unknown" {
  const states = new Set(nodes.map(({ id }) => isHealthy(id)));
  if (states.has(true)) return true;
  return states.has(null) ? "unknown" : false;
}
