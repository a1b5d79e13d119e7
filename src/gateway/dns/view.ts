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
  /** Returns what a name of an owner's own is, by its key; undefined where no endpoint in this network leads to its service. */
  findDomain(key: string): DomainZone | undefined;
}

/** A name of an owner's own: a zone that has nothing but this name. */
export interface DomainZone {
  readonly zone: ZoneSections;
  /** Of an endpoint that leads to the service; none where there is none that does now. */
  readonly records: AddressRecords | "unknown" | undefined;
}

/** What a name of an owner's own leads to. */
interface OwnDomain {
  readonly name: string;
  readonly serviceId: ServiceId;
  /** Made when somebody first asks. */
  zone: ZoneSections | undefined;
}

/** `unknown`: whether the name leads anywhere will turn out in a moment. */
export type PublishedAddresses = readonly string[] | "unknown";

/** An endpoint that has a name. */
interface Named {
  readonly entry: SnapshotEndpoint;
  /** Made when somebody first asks: most names are seldom asked for. */
  records: AddressRecords | undefined;
}

/** What the views of one snapshot have in common. */
interface Common extends Pick<View, "apex" | "zone"> {
  /** Key of the name server's name. */
  readonly nameServer: string;
  readonly sectionsOf: (zone: string) => ZoneSections;
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
  /** The same, by service and network. */
  readonly #consumers = new Map<string, Map<EndpointId, Named>>();
  /** By key. */
  #domains: ReadonlyMap<string, OwnDomain> = new Map();
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
    this.#domains = new Map(services.flatMap(domainsOf));
    this.#takeEndpoints(dns ? endpoints : []);
    this.#services = new Map(services.map((service) => [service.id, service]));
    this.#failed = failed;
    if (!dns) return new Map();
    const name = zoneName(region, dns.zone);
    const nameServer = `ns.${name}`;
    const sectionsOf = (zone: string): ZoneSections =>
      zoneSections(zone, nameServer, revision % 2 ** 32, this.#ttlS);
    const common = {
      apex: nameKey(name),
      zone: sectionsOf(name),
      nameServer: nameKey(nameServer),
      sectionsOf,
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
    for (const entry of gone) this.#remove(entry);
    for (const entry of came) if (entry.hasName === true) this.#add({ entry, records: undefined });
  }

  #add(named: Named): void {
    const { id, serviceId, vpcId } = named.entry;
    this.#named.set(id, named);
    const key = consumerKey(serviceId, vpcId);
    const consumers = this.#consumers.get(key);
    if (consumers) consumers.set(id, named);
    else this.#consumers.set(key, new Map([[id, named]]));
  }

  #remove({ id, serviceId, vpcId }: SnapshotEndpoint): void {
    this.#named.delete(id);
    const key = consumerKey(serviceId, vpcId);
    const consumers = this.#consumers.get(key);
    consumers?.delete(id);
    if (consumers?.size === 0) this.#consumers.delete(key);
  }

  #view({ vpcId, address }: Resolver, { apex, zone, nameServer, sectionsOf }: Common): View {
    const ofNameServer = new AddressRecords([address], this.#ttlS);
    return {
      apex,
      zone,
      find: (key) => (key === nameServer ? ofNameServer : this.#find(key, apex, vpcId)),
      findDomain: (key) => this.#findDomain(key, vpcId, sectionsOf),
    };
  }

  #find(key: string, apex: string, vpcId: VpcId): AddressRecords | "unknown" | undefined {
    const end = endpointPrefix.length + endpointIdLength;
    if (key.length !== end + apex.length || !key.startsWith(endpointPrefix) || !key.endsWith(apex))
      return undefined;
    const named = this.#named.get(key.slice(endpointPrefix.length, end) as EndpointId);
    if (!named || named.entry.vpcId !== vpcId) return undefined;
    return this.#recordsOf(named);
  }

  #findDomain(key: string, vpcId: VpcId, sectionsOf: Common["sectionsOf"]): DomainZone | undefined {
    const domain = this.#domains.get(key);
    const consumers = domain && this.#consumers.get(consumerKey(domain.serviceId, vpcId));
    if (!consumers) return undefined;
    domain.zone ??= sectionsOf(domain.name);
    let first: Named | undefined;
    let isUnknown = false;
    for (const named of consumers.values()) {
      const isUp = this.#isUp(named.entry);
      if (isUp === null) isUnknown = true;
      // The same one for everybody who asks, for as long as it works.
      if (isUp === true && (!first || named.entry.id < first.entry.id)) first = named;
    }
    return { zone: domain.zone, records: first ? this.#recordsOf(first) : isUnknown ? "unknown" : undefined };
  }

  #recordsOf(named: Named): AddressRecords | "unknown" | undefined {
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
      if (node.drain) continue;
      const isHealthy = this.#isHealthy(node.id);
      if (isHealthy === true) return true;
      if (isHealthy === null) isKnown = false;
    }
    return isKnown ? false : null;
  }
}

function domainsOf({ id, domains = [] }: SnapshotService): readonly (readonly [string, OwnDomain])[] {
  return domains.map((name) => [nameKey(name), { name, serviceId: id, zone: undefined }]);
}

function consumerKey(serviceId: ServiceId, vpcId: VpcId): string {
  return `${serviceId} ${vpcId}`;
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
