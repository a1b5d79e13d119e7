import type { EndpointId, NodeId, ServiceId, VpcId } from "../../domain/ids.ts";
import { endpointLabel, zoneName } from "../../domain/names.ts";
import type { Resolver, Snapshot, SnapshotEndpoint, SnapshotService } from "../../domain/snapshot.ts";
import { listDifference } from "../../lib/list-difference.ts";
import { AddressRecords, zoneSections, type ZoneSections } from "./records.ts";
import { labelKey, nameKey } from "./wire.ts";

/** The zone as one network sees it: what is not found in here does not exist there. */
export interface View {
  /** Key of the zone's name. */
  readonly apex: string;
  readonly zone: ZoneSections;
  /**
   * Returns what there is of a name, by its key. `unknown`: whether it leads anywhere will turn out in a moment; nobody
   * is to remember an answer.
   */
  find(key: string): AddressRecords | "unknown" | undefined;
}

/** `unknown`: whether the name leads anywhere will turn out in a moment. */
export type PublishedAddresses = readonly string[] | "unknown";

/** An endpoint that has a name. */
interface Named {
  readonly entry: SnapshotEndpoint;
  /** Made when somebody first asks: most names are seldom asked for. */
  records: AddressRecords | undefined;
}

const endpointPrefix = labelKey(endpointLabel("0".repeat(36) as EndpointId)).slice(0, -36);
const endpointIdLength = 36;

/**
 * The zone of each network that has a name server. A name is in it while its endpoint admits connections, is up and has
 * a node that serves: a name never leads to an address that does not work. Whether it is so is looked at when somebody
 * asks, so that a change costs what it concerns, however many names there are.
 */
export class Views {
  readonly #isHealthy: (node: NodeId) => boolean | null;
  readonly #ttlS: number;
  readonly #named = new Map<EndpointId, Named>();
  #endpoints: readonly SnapshotEndpoint[] = [];
  #services: ReadonlyMap<ServiceId, SnapshotService> = new Map();
  #failed: ReadonlySet<EndpointId> = new Set();

  /**
   * @param isHealthy whether a node serves; null where it was not asked yet
   * @param ttlS how long answers may be kept, in seconds
   */
  constructor(isHealthy: (node: NodeId) => boolean | null, ttlS: number) {
    this.#isHealthy = isHealthy;
    this.#ttlS = ttlS;
  }

  /**
   * Takes in a snapshot; entries are told apart by identity. Views of earlier calls show the new state too.
   * @param failed endpoints that are not up
   */
  update(snapshot: Snapshot, failed: ReadonlySet<EndpointId>): ReadonlyMap<VpcId, View> {
    const { dns, region, revision, endpoints, services } = snapshot;
    this.#takeEndpoints(dns ? endpoints : []);
    this.#services = new Map(services.map((service) => [service.id, service]));
    this.#failed = failed;
    if (!dns) return new Map();
    const name = zoneName(region, dns.zone);
    const nameServer = `ns.${name}`;
    const common = {
      apex: nameKey(name),
      zone: zoneSections(name, nameServer, revision % 2 ** 32, this.#ttlS),
      nameServer: nameKey(nameServer),
    };
    return new Map(resolversOf(snapshot).map((resolver) => [resolver.vpcId, this.#view(resolver, common)]));
  }

  /** Returns the names of a network's endpoints that there are now, by the endpoints' ids. */
  *names(vpcId: VpcId): Generator<readonly [EndpointId, PublishedAddresses]> {
    for (const { entry } of this.#named.values()) {
      const isUp = entry.vpcId === vpcId && this.#isUp(entry);
      if (isUp !== false) yield [entry.id, isUp === null ? "unknown" : addressesOf(entry)];
    }
  }

  #takeEndpoints(endpoints: readonly SnapshotEndpoint[]): void {
    const { gone, came } = listDifference(this.#endpoints, endpoints);
    this.#endpoints = endpoints;
    for (const { id } of gone) this.#named.delete(id);
    for (const entry of came)
      if (entry.hasName === true) this.#named.set(entry.id, { entry, records: undefined });
  }

  #view(
    { vpcId, address }: Resolver,
    { apex, zone, nameServer }: Pick<View, "apex" | "zone"> & { readonly nameServer: string },
  ): View {
    const ofNameServer = new AddressRecords([address], this.#ttlS);
    return {
      apex,
      zone,
      find: (key) => (key === nameServer ? ofNameServer : this.#find(key, apex, vpcId)),
    };
  }

  #find(key: string, apex: string, vpcId: VpcId): AddressRecords | "unknown" | undefined {
    const end = endpointPrefix.length + endpointIdLength;
    if (key.length !== end + apex.length || !key.startsWith(endpointPrefix) || !key.endsWith(apex))
      return undefined;
    const named = this.#named.get(key.slice(endpointPrefix.length, end) as EndpointId);
    if (!named || named.entry.vpcId !== vpcId) return undefined;
    const isUp = this.#isUp(named.entry);
    if (isUp !== true) return isUp === null ? "unknown" : undefined;
    return (named.records ??= new AddressRecords(addressesOf(named.entry), this.#ttlS));
  }

  /** Whether an endpoint's name leads anywhere; null: may turn out either way. */
  #isUp({ id, refusal, serviceId }: SnapshotEndpoint): boolean | null {
    return refusal === null && !this.#failed.has(id) && this.#isServing(serviceId);
  }

  /** null: may turn out either way. */
  #isServing(id: ServiceId): boolean | null {
    let isKnown = true;
    for (const node of this.#services.get(id)?.nodes ?? []) {
      const isHealthy = this.#isHealthy(node.id);
      if (isHealthy === true) return true;
      if (isHealthy === null) isKnown = false;
    }
    return isKnown ? false : null;
  }
}

function addressesOf({ address, address6 }: SnapshotEndpoint): readonly string[] {
  return address6 === undefined ? [address] : [address, address6];
}

/** Returns the address of each network's name server, whatever carries the network. */
function resolversOf({ dns, networks = [] }: Snapshot): readonly Resolver[] {
  const ofKernel = networks.flatMap(({ id, resolver }) =>
    resolver === undefined ? [] : [{ vpcId: id, address: resolver }],
  );
  return [...(dns?.resolvers ?? []), ...ofKernel];
}
