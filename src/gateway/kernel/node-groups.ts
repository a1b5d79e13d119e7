import { isIP, isIPv4 } from "node:net";
import type { AwayNode, DesiredEndpoint, DesiredNode } from "../../domain/desired.ts";
import type { ServiceId } from "../../domain/ids.ts";
import type { KernelEndpoint, NodeGroup } from "./compile.ts";
import { NodeLookup } from "./node-lookup.ts";
import { Tracked } from "./tracked.ts";

/** Nodes with addresses as hosts. */
export interface Resolution {
  readonly nodes: readonly DesiredNode[];
  /** Names of theirs have never been found out yet, and are being asked for. */
  readonly isPending: boolean;
}

export type Ports = KernelEndpoint["ports"];

interface Service {
  nodes: readonly DesiredNode[];
  /** Those that get no new sessions. */
  away: readonly AwayNode[];
  resolution: Resolution;
  /** Made when somebody first asks. */
  lookup: NodeLookup | undefined;
  /** Numbers of its endpoints. */
  readonly endpoints: Set<number>;
  /** By what they were made from: endpoints of a service have mostly the same. */
  readonly ports: Map<string, Ports>;
  readonly groups: Set<number>;
}

interface Group {
  readonly service: ServiceId;
  readonly serverPort: number | undefined;
  /** Ports of carried endpoints that lead here. */
  users: number;
  /** Those of endpoints that have an IPv6 address. */
  users6: number;
}

/** The nodes of services as groups, each for as long as a carried endpoint's port leads there. */
export class NodeGroups {
  readonly tracked = new Tracked<NodeGroup>();
  readonly #services = new Map<ServiceId, Service>();
  /** Services some of whose nodes are registered by name. */
  readonly #named = new Set<ServiceId>();
  readonly #groups = new Map<number, Group>();
  readonly #relayed = new Map<number, readonly DesiredNode[]>();
  #revision = 0;
  #relayPorts: ReadonlyMap<number, number> = new Map();
  readonly #groupNumber: (name: string) => number;
  readonly #resolve: (nodes: readonly DesiredNode[]) => Resolution;

  /**
   * @param groupNumber returns a number for nodes that are named so; always the same
   * @param resolve returns what is known of nodes' addresses by now
   */
  constructor(groupNumber: (name: string) => number, resolve: (nodes: readonly DesiredNode[]) => Resolution) {
    this.#groupNumber = groupNumber;
    this.#resolve = resolve;
  }

  /**
   * Notes that an endpoint of the service is desired, and what nodes the service has. Idempotent.
   * @returns endpoints that are concerned otherwise than by their group
   */
  join(
    id: ServiceId,
    endpoint: number,
    { nodes, away = [] }: Pick<DesiredEndpoint, "nodes" | "away">,
  ): Iterable<number> {
    const service = this.#services.get(id) ?? this.#begin(id, nodes, away);
    service.endpoints.add(endpoint);
    if (service.nodes === nodes) return [];
    this.#revision += 1;
    service.nodes = nodes;
    service.away = away;
    this.#noteNames(id, [...nodes, ...away]);
    return this.#renew(service);
  }

  leave(id: ServiceId, endpoint: number): void {
    const service = this.#services.get(id);
    service?.endpoints.delete(endpoint);
    if (service?.endpoints.size !== 0) return;
    this.#services.delete(id);
    this.#named.delete(id);
  }

  /** Looks what is known of nodes' names by now. @returns as `join` does */
  refresh(): Iterable<number> {
    return [...this.#named].flatMap((id) => {
      const service = this.#services.get(id);
      return service ? [...this.#renew(service)] : [];
    });
  }

  resolutionOf(id: ServiceId): Resolution {
    return this.#services.get(id)?.resolution ?? { nodes: [], isPending: false };
  }

  /** Grows with everything that may lead sessions to other nodes, or call nodes by other addresses. */
  get revision(): number {
    return this.#revision;
  }

  /** Returns what finds a service's nodes by their addresses, those that get no new sessions too. */
  lookupOf(id: ServiceId): NodeLookup | undefined {
    const service = this.#services.get(id);
    if (!service) return undefined;
    service.lookup ??= new NodeLookup(this.#placed(service));
    return service.lookup;
  }

  /** The nodes of all services with their addresses, as far as these are known. */
  *places(): Generator<DesiredNode | AwayNode> {
    for (const service of this.#services.values()) yield* this.#placed(service);
  }

  /** Those of all services, and those that get no new sessions. */
  *nodes(): Generator<DesiredNode | AwayNode> {
    for (const { nodes, away } of this.#services.values()) {
      yield* nodes;
      yield* away;
    }
  }

  /** Services with their nodes that get no new sessions, and the numbers of their endpoints. */
  *away(): Generator<{ readonly away: readonly AwayNode[]; readonly endpoints: ReadonlySet<number> }> {
    for (const service of this.#services.values()) if (service.away.length > 0) yield service;
  }

  /** Returns the ports of an endpoint of a service that has joined, with the groups that they lead to. */
  portsOf(id: ServiceId, { clientPorts, serverPorts = [] }: DesiredEndpoint): Ports {
    const service = this.#services.get(id);
    const mapped = serverPorts.map(({ clientPort, serverPort }) => `${clientPort}:${serverPort}`);
    const key = `${clientPorts.join()} ${mapped.join()}`;
    const known = service?.ports.get(key);
    if (known) return known;
    const ports = clientPorts.map((port) => {
      const serverPort = serverPorts.find(({ clientPort }) => clientPort === port)?.serverPort;
      const group = this.#groupNumber(`${id} ${serverPort ?? "registered"}`);
      this.#lead(id, group, serverPort);
      return { port, group };
    });
    service?.ports.set(key, ports);
    return ports;
  }

  /** A service that began anew may have other nodes than its group has, which carried endpoints still lead to. */
  #lead(id: ServiceId, number: number, serverPort: number | undefined): void {
    const group = this.#groups.get(number) ?? { service: id, serverPort, users: 0, users6: 0 };
    this.#groups.set(number, group);
    const service = this.#services.get(id);
    if (!service || service.groups.has(number)) return;
    service.groups.add(number);
    if (group.users > 0) this.#write(number, group);
  }

  /** Groups that IPv6 consumers come to, and that have nodes of IPv4 only. */
  get relayed(): ReadonlyMap<number, readonly DesiredNode[]> {
    return this.#relayed;
  }

  /** Takes in where the relay takes sessions for groups. */
  takeRelayPorts(ports: ReadonlyMap<number, number>): void {
    const before = this.#relayPorts;
    this.#relayPorts = ports;
    for (const number of new Set([...before.keys(), ...ports.keys()])) {
      const group = this.#groups.get(number);
      if (group && group.users > 0 && before.get(number) !== ports.get(number)) this.#write(number, group);
    }
  }

  /** Notes that the ports of a carried endpoint lead to their groups. */
  use({ ports, addresses }: Pick<KernelEndpoint, "ports" | "addresses">): void {
    const has6 = addresses.some(isOfIPv6);
    for (const { group: number } of ports) {
      const group = this.#groups.get(number);
      if (!group) continue;
      group.users += 1;
      if (has6) group.users6 += 1;
      if (group.users === 1 || (has6 && group.users6 === 1)) this.#write(number, group);
    }
  }

  /** Takes `use` back. */
  release({ ports, addresses }: Pick<KernelEndpoint, "ports" | "addresses">): void {
    const has6 = addresses.some(isOfIPv6);
    for (const { group: number } of ports) {
      const group = this.#groups.get(number);
      if (!group) continue;
      group.users -= 1;
      if (has6) group.users6 -= 1;
      if (group.users === 0) this.#forget(number);
      else if (has6 && group.users6 === 0) this.#write(number, group);
    }
  }

  #forget(number: number): void {
    this.#relayed.delete(number);
    this.tracked.set(number, undefined);
  }

  #begin(id: ServiceId, nodes: readonly DesiredNode[], away: readonly AwayNode[]): Service {
    this.#revision += 1;
    const service = {
      nodes,
      away,
      resolution: this.#resolve(nodes),
      lookup: undefined,
      endpoints: new Set<number>(),
      ports: new Map<string, Ports>(),
      groups: new Set<number>(),
    };
    this.#services.set(id, service);
    this.#noteNames(id, [...nodes, ...away]);
    return service;
  }

  #noteNames(id: ServiceId, nodes: readonly DesiredNode[]): void {
    if (nodes.every(({ host }) => isIP(host) !== 0)) this.#named.delete(id);
    else this.#named.add(id);
  }

  #placed({ resolution, away }: Service): readonly (DesiredNode | AwayNode)[] {
    return [
      ...resolution.nodes,
      ...away.flatMap((node) => this.#resolve([node]).nodes.map(({ host }) => ({ ...node, host }))),
    ];
  }

  /** @returns endpoints of a service that has nodes now, or has none any more */
  #renew(service: Service): Iterable<number> {
    service.lookup = undefined;
    const before = service.resolution;
    service.resolution = this.#resolve(service.nodes);
    const { nodes, isPending } = service.resolution;
    if (!areSame(before.nodes, nodes)) {
      this.#revision += 1;
      for (const number of service.groups) {
        const group = this.#groups.get(number);
        if (group && group.users > 0) this.#write(number, group);
      }
    }
    const isNews = before.nodes.length > 0 !== nodes.length > 0 || before.isPending !== isPending;
    return isNews ? service.endpoints : [];
  }

  #write(number: number, { service, serverPort, users6 }: Group): void {
    const resolved = this.resolutionOf(service).nodes;
    const nodes =
      serverPort === undefined ? resolved : resolved.map((node) => ({ ...node, port: serverPort }));
    const isRelayed = users6 > 0 && nodes.length > 0 && nodes.every(({ host }) => isIPv4(host));
    if (isRelayed) this.#relayed.set(number, nodes);
    else this.#relayed.delete(number);
    const relayPort = isRelayed ? this.#relayPorts.get(number) : undefined;
    this.tracked.set(number, { number, nodes, ...(relayPort === undefined ? {} : { relayPort }) });
  }
}

function isOfIPv6(address: string): boolean {
  return address.includes(":");
}

function areSame(before: readonly DesiredNode[], after: readonly DesiredNode[]): boolean {
  return (
    before.length === after.length &&
    before.every(
      ({ host, port, weight, id }, at) =>
        host === after[at]?.host &&
        port === after[at].port &&
        weight === after[at].weight &&
        id === after[at].id,
    )
  );
}
