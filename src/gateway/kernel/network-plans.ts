import type { DesiredNetwork } from "../../domain/desired.ts";
import type { VpcId } from "../../domain/ids.ts";
import type { KernelResolver } from "../engine.ts";
import type { KernelEndpoint, KernelNetwork } from "./compile.ts";
import type { NetworkState, NetworkWish } from "./host-network.ts";
import { vpcMark } from "./nft/schema.ts";
import { Tracked } from "./tracked.ts";

/** Stands for the name server among the numbers of endpoints, which begin at 1. */
const resolverNumber = 0;

interface NetworkPlan {
  network: DesiredNetwork;
  /** undefined until the host has told one. */
  state: NetworkState | undefined;
  /** Numbers of endpoints by address. */
  readonly addresses: Map<string, number>;
  /** Addresses that came or went since the last wishes; undefined before the first. */
  changed: Set<string> | undefined;
  /** The endpoint whose address the gateway asks for neighbours with. */
  sender: number | undefined;
}

/** The networks that are desired, with the addresses of their endpoints and what the host made of them. */
export class NetworkPlans {
  readonly tracked = new Tracked<KernelNetwork>();
  readonly #deviceOf: (network: DesiredNetwork) => string;
  readonly #carried: (number: number) => KernelEndpoint | undefined;
  #plans: ReadonlyMap<VpcId, NetworkPlan> = new Map();

  /**
   * @param deviceOf returns the interface that a network will have
   * @param carried returns an endpoint that is carried
   */
  constructor(
    deviceOf: (network: DesiredNetwork) => string,
    carried: (number: number) => KernelEndpoint | undefined,
  ) {
    this.#deviceOf = deviceOf;
    this.#carried = carried;
  }

  /** Takes in the networks that are desired. @returns those that are not as they were; also those that are no more */
  update(networks: readonly DesiredNetwork[]): ReadonlySet<VpcId> {
    const touched = new Set<VpcId>();
    const plans = new Map<VpcId, NetworkPlan>();
    for (const network of networks) {
      const known = this.#plans.get(network.id);
      const isSame = known && (known.network === network || areSame(known.network, network));
      if (!isSame) touched.add(network.id);
      plans.set(network.id, known ?? begin(network));
      if (!known || isSame) continue;
      if (known.network.resolver !== undefined)
        this.leave(network.id, known.network.resolver, resolverNumber);
      if (known.network.number !== network.number) this.tracked.set(known.network.number, undefined);
      known.network = network;
    }
    for (const [id, { network }] of this.#plans) {
      if (plans.has(id)) continue;
      touched.add(id);
      this.tracked.set(network.number, undefined);
    }
    this.#plans = plans;
    for (const plan of plans.values()) this.#joinResolver(plan);
    return touched;
  }

  get(id: VpcId): { readonly network: DesiredNetwork; readonly state: NetworkState | undefined } | undefined {
    return this.#plans.get(id);
  }

  /** Notes that an endpoint has an address. */
  join(id: VpcId, address: string, endpoint: number): void {
    const plan = this.#plans.get(id);
    if (!plan || plan.addresses.get(address) === endpoint) return;
    plan.addresses.set(address, endpoint);
    plan.changed?.add(address);
  }

  /** Notes that an endpoint has an address no more. Another one may have it already. */
  leave(id: VpcId, address: string, endpoint: number): void {
    const plan = this.#plans.get(id);
    if (plan?.addresses.get(address) !== endpoint) return;
    plan.addresses.delete(address);
    plan.changed?.add(address);
  }

  /** Where names can be served now. */
  get resolvers(): readonly KernelResolver[] {
    return [...this.#plans.values()].flatMap(({ network, state }) => {
      const address = answeredResolver(network, state);
      const { device, deviceIndex = 0 } = state ?? {};
      if (address === undefined || device === undefined) return [];
      return [{ vpcId: network.id, address, device, deviceIndex, mark: vpcMark | network.number }];
    });
  }

  #joinResolver({ network: { id, resolver } }: NetworkPlan): void {
    if (resolver !== undefined) this.join(id, resolver, resolverNumber);
  }

  /** Takes in what the host made of a network. @returns endpoints that this may concern */
  takeState(state: NetworkState): Iterable<number> {
    const plan = this.#plans.get(state.network);
    if (!plan) return [];
    const before = plan.state;
    plan.state = state;
    const isAsBefore = before?.device === state.device && before?.problem === state.problem;
    const addresses = isAsBefore && state.changed ? state.changed : plan.addresses.keys();
    const numbers = [...addresses].map((address) => plan.addresses.get(address) ?? resolverNumber);
    return numbers.filter((number) => number !== resolverNumber);
  }

  /** Returns the wishes, with what changed since the last ones. */
  takeWishes(): readonly NetworkWish[] {
    return [...this.#plans.values()].map((plan) => {
      const { network, addresses, changed } = plan;
      plan.changed = new Set();
      return { network, addresses, ...(changed ? { changed: [...changed] } : {}) };
    });
  }

  /** Writes down what the kernel is told of networks, once it is known what endpoints are carried. */
  write(): void {
    const plans = [...this.#plans.values()];
    const devices = new Set(plans.flatMap(({ state }) => state?.device ?? []));
    for (const plan of plans) {
      const { number } = plan.network;
      const before = this.tracked.get(number);
      const device = plan.state?.device ?? this.#freeDeviceOf(plan.network, devices);
      const after = device === undefined ? undefined : this.#kernelNetwork(plan, device);
      if (!before || !after || !areEqual(before, after)) this.tracked.set(number, after);
    }
  }

  /**
   * The interface of a network that has none yet, unless another network has it: one that comes up has to find the
   * rules that keep its network to itself, as a host that forwards has none.
   */
  #freeDeviceOf(network: DesiredNetwork, devices: Set<string>): string | undefined {
    const device = this.#deviceOf(network);
    if (devices.has(device)) return undefined;
    devices.add(device);
    return device;
  }

  #kernelNetwork(plan: NetworkPlan, device: string): KernelNetwork {
    const { number, cidrs } = plan.network;
    const resolver = answeredResolver(plan.network, plan.state);
    const sender = this.#senderOf(plan) ?? (resolver?.includes(":") ? undefined : resolver);
    return {
      number,
      device,
      cidrs,
      ...(sender === undefined ? {} : { sender }),
      ...(resolver === undefined ? {} : { resolver }),
    };
  }

  /** An address that the gateway may ask for neighbours with: it stays the same for as long as it can. */
  #senderOf(plan: NetworkPlan): string | undefined {
    const sender = plan.sender === undefined ? undefined : this.#addressOf(plan, plan.sender);
    if (sender !== undefined) return sender;
    for (const number of plan.addresses.values()) {
      const address = this.#addressOf(plan, number);
      if (address === undefined) continue;
      plan.sender = number;
      return address;
    }
    return undefined;
  }

  #addressOf({ network }: NetworkPlan, endpoint: number): string | undefined {
    const carried = this.#carried(endpoint);
    return carried?.network === network.number
      ? carried.addresses.find((address) => !address.includes(":"))
      : undefined;
  }
}

function begin(network: DesiredNetwork): NetworkPlan {
  return { network, state: undefined, addresses: new Map(), changed: undefined, sender: undefined };
}

/** The address of a network's name server, where it is answered for. */
function answeredResolver({ resolver }: DesiredNetwork, state: NetworkState | undefined): string | undefined {
  return resolver !== undefined && state?.answered.has(resolver) ? resolver : undefined;
}

function areSame(before: DesiredNetwork, after: DesiredNetwork): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function areEqual(before: KernelNetwork, after: KernelNetwork): boolean {
  return (
    before.device === after.device &&
    before.sender === after.sender &&
    before.resolver === after.resolver &&
    before.cidrs.join() === after.cidrs.join()
  );
}
