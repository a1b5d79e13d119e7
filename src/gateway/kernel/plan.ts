import {
  addressesOf,
  type AwayNode,
  type DesiredEndpoint,
  type DesiredNetwork,
  type DesiredNode,
} from "../../domain/desired.ts";
import type { EndpointId, VpcId } from "../../domain/ids.ts";
import type { EndpointFailure } from "../../domain/report.ts";
import { listDifference } from "../../lib/list-difference.ts";
import type { KernelResolver } from "../engine.ts";
import type { KernelEndpoint } from "./compile.ts";
import type { NetworkState, NetworkWish } from "./host-network.ts";
import { NetworkPlans } from "./network-plans.ts";
import { NodeGroups, type Resolution } from "./node-groups.ts";
import { Tracked } from "./tracked.ts";

export interface PlanParts {
  /** Returns a number for nodes that are named so; always the same. */
  readonly groupNumber: (name: string) => number;
  /** Returns what is known of nodes' addresses by now. */
  readonly resolve: (nodes: readonly DesiredNode[]) => Resolution;
  /** Returns the interface that a network will have. */
  readonly deviceOf: (network: DesiredNetwork) => string;
}

/** An endpoint in a network that the kernel carries. */
type Known = DesiredEndpoint & Required<Pick<DesiredEndpoint, "kernel">>;

/**
 * Puts endpoints, networks and nodes together to what the kernel is to hold. It does no I/O, and a change costs what
 * it concerns: endpoints are told apart by identity, and one whose object is the same is not looked at.
 */
export class Plan {
  readonly endpoints = new Tracked<KernelEndpoint>();
  readonly #networks: NetworkPlans;
  readonly #groups: NodeGroups;
  readonly #known = new Map<number, Known>();
  readonly #failures = new Map<number, EndpointFailure>();
  readonly #coming = new Map<number, EndpointId>();
  /** Endpoints to be looked at. */
  readonly #dirty = new Set<number>();
  #desired: readonly DesiredEndpoint[] = [];

  constructor({ groupNumber, resolve, deviceOf }: PlanParts) {
    this.#groups = new NodeGroups(groupNumber, resolve);
    this.#networks = new NetworkPlans(deviceOf, (number) => this.endpoints.get(number));
  }

  get networks(): NetworkPlans["tracked"] {
    return this.#networks.tracked;
  }

  get groups(): NodeGroups["tracked"] {
    return this.#groups.tracked;
  }

  /** Where names can be served now. */
  get resolvers(): readonly KernelResolver[] {
    return this.#networks.resolvers;
  }

  /** Every endpoint that cannot be carried. */
  get failures(): readonly EndpointFailure[] {
    return [...this.#failures.values()];
  }

  /** Endpoints of which it is not known yet whether they can be carried: they are not, until that is known. */
  get coming(): readonly EndpointId[] {
    return [...this.#coming.values()];
  }

  /** Whose number it is, whether it is carried or not. */
  idOf(number: number): EndpointId | undefined {
    return this.#known.get(number)?.id;
  }

  /** Most sessions that an endpoint may have; undefined where it is not carried. */
  capOf(number: number): number | undefined {
    return this.endpoints.get(number) && this.#known.get(number)?.maxSession;
  }

  /** Takes in what is desired now. Lists of nodes are told apart by identity too. */
  update(desired: readonly DesiredEndpoint[], networks: readonly DesiredNetwork[]): void {
    for (const id of this.#networks.update(networks)) this.#touch(id);
    const { gone, came } = listDifference(this.#desired, desired);
    this.#desired = desired;
    const successors = new Set(came.filter(isKnown).map(({ kernel }) => kernel.number));
    for (const { kernel } of gone.filter(isKnown))
      if (!successors.has(kernel.number)) this.#exchange(kernel.number, undefined);
    for (const endpoint of came.filter(isKnown)) this.#exchange(endpoint.kernel.number, endpoint);
    this.#work();
  }

  /** Takes in what the host made of the wishes. */
  takeStates(states: readonly NetworkState[]): void {
    for (const state of states) for (const number of this.#networks.takeState(state)) this.#dirty.add(number);
    this.#work();
  }

  /** Takes in what has been found out of nodes' names. */
  takeNames(): void {
    for (const number of this.#groups.refresh()) this.#dirty.add(number);
    this.#work();
  }

  /** Groups of nodes that the relay has to stand in for: they have no IPv6. */
  get relayed(): ReadonlyMap<number, readonly DesiredNode[]> {
    return this.#groups.relayed;
  }

  /** Takes in where the relay stands in for them. */
  takeRelayPorts(ports: ReadonlyMap<number, number>): void {
    this.#groups.takeRelayPorts(ports);
  }

  /** Returns what the host has to do for the endpoints' networks; also for those that have no endpoint yet. */
  takeWishes(): readonly NetworkWish[] {
    return this.#networks.takeWishes();
  }

  /** See {@link NodeGroups}. */
  get nodesRevision(): number {
    return this.#groups.revision;
  }

  /** The node of an endpoint's service that has an address; see {@link NodeLookup}. */
  nodeAt(number: number, host: string, port: number): DesiredNode | AwayNode | undefined {
    const known = this.#known.get(number);
    return known && this.#groups.lookupOf(known.kernel.service)?.at(host, port);
  }

  /** Returns a node of an endpoint's service with what is to become of its sessions, where it gets no new ones. */
  withFate(number: number, node: DesiredNode): DesiredNode | AwayNode {
    return this.#known.get(number)?.away?.find(({ id }) => id !== undefined && id === node.id) ?? node;
  }

  /** Every node that flows may go to. */
  get nodes(): Iterable<DesiredNode | AwayNode> {
    return this.#groups.nodes();
  }

  /** See {@link NodeGroups.places}. */
  get places(): Iterable<DesiredNode | AwayNode> {
    return this.#groups.places();
  }

  /** Nodes that get no new sessions, by service, each with the numbers of the service's endpoints. */
  get away(): Iterable<{ readonly away: readonly AwayNode[]; readonly endpoints: ReadonlySet<number> }> {
    return this.#groups.away();
  }

  /** Notes that everything was brought about. */
  settle(): void {
    this.endpoints.settle();
    this.networks.settle();
    this.groups.settle();
  }

  /** A network is new, gone or another one: rare enough to look for its endpoints among all. */
  #touch(id: VpcId): void {
    for (const [number, endpoint] of this.#known) {
      if (endpoint.kernel.network !== id) continue;
      for (const address of addressesOf(endpoint)) this.#networks.join(id, address, number);
      this.#dirty.add(number);
    }
  }

  #exchange(number: number, after: Known | undefined): void {
    const before = this.#known.get(number);
    if (before) this.#leaveNetwork(before, after);
    if (before && before.kernel.service !== after?.kernel.service)
      this.#groups.leave(before.kernel.service, number);
    if (!before || !after || !areSameButNodes(before, after)) this.#dirty.add(number);
    if (!after) {
      this.#known.delete(number);
      return;
    }
    this.#known.set(number, after);
    for (const address of addressesOf(after)) this.#networks.join(after.kernel.network, address, number);
    for (const other of this.#groups.join(after.kernel.service, number, after)) this.#dirty.add(other);
  }

  #leaveNetwork(before: Known, after: Known | undefined): void {
    const { network, number } = before.kernel;
    const kept = after?.kernel.network === network ? addressesOf(after) : [];
    for (const address of addressesOf(before))
      if (!kept.includes(address)) this.#networks.leave(network, address, number);
  }

  #work(): void {
    for (const number of this.#dirty) this.#look(number);
    this.#dirty.clear();
    this.#networks.write();
  }

  #look(number: number): void {
    const known = this.#known.get(number);
    const before = this.endpoints.get(number);
    const outcome = known && this.#outcomeOf(known, before !== undefined);
    this.#failures.delete(number);
    this.#coming.delete(number);
    if (known && outcome === "coming") this.#coming.set(number, known.id);
    else if (known && typeof outcome === "string")
      this.#failures.set(number, { endpointId: known.id, code: "address_unavailable", message: outcome });
    const after = typeof outcome === "object" ? outcome : undefined;
    if (after) this.#groups.use(after);
    if (before) this.#groups.release(before);
    this.endpoints.set(number, after);
  }

  /** Returns what the kernel is told of an endpoint, why it is told nothing, or "coming" where that is not known yet. */
  #outcomeOf(known: Known, isCarried: boolean): KernelEndpoint | string {
    const { kernel } = known;
    const addresses = addressesOf(known);
    const { network, state } = this.#networks.get(kernel.network) ?? {};
    if (!network) return "The gateway is not attached to the endpoint's network.";
    if (!state) return "coming";
    if (state.device === undefined) return state.problem ?? "The endpoint's network is not attached.";
    for (const address of addresses) {
      const refusal = state.refused.get(address);
      if (refusal !== undefined) return refusal;
    }
    const { nodes, isPending } = this.#groups.resolutionOf(kernel.service);
    // Who is carried goes on: only a new endpoint waits for the names of its nodes.
    const isAnswered = addresses.every((address) => state.answered.has(address));
    if (!isAnswered || (isPending && !isCarried)) return "coming";
    const ports = this.#groups.portsOf(kernel.service, known);
    return kernelEndpoint(known, {
      network: network.number,
      device: state.device,
      ports,
      hasNodes: nodes.length > 0,
    });
  }
}

function isKnown(endpoint: DesiredEndpoint): endpoint is Known {
  return endpoint.kernel !== undefined;
}

/** A change of a node's health concerns every endpoint of a service, and the group alone. */
function areSameButNodes(before: DesiredEndpoint, after: DesiredEndpoint): boolean {
  return (
    before.kernel === after.kernel &&
    before.address === after.address &&
    before.address6 === after.address6 &&
    before.refusal === after.refusal &&
    before.maxSession === after.maxSession &&
    before.clientPorts === after.clientPorts &&
    before.serverPorts === after.serverPorts &&
    before.sources === after.sources
  );
}

function kernelEndpoint(
  known: Known,
  place: Pick<KernelEndpoint, "network" | "device" | "ports" | "hasNodes">,
): KernelEndpoint {
  const { refusal, sources, kernel } = known;
  const { number, connectionRate, byteRate } = kernel;
  return {
    number,
    ...place,
    addresses: addressesOf(known),
    refusal,
    ...(sources === undefined ? {} : { sources }),
    ...(connectionRate === undefined ? {} : { connectionRate }),
    ...(byteRate === undefined ? {} : { byteRate }),
  };
}
