import { addressesOf, type AwayNode, type DesiredEndpoint, type DesiredNode } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import type { EndpointFailure } from "../../domain/report.ts";
import type { ListenerKey, SlotState } from "./messages.ts";

interface Carried {
  state: SlotState;
  /** What every worker listens on, by name. */
  readonly listening: Map<string, ListenerKey>;
}

/** What has to end or to change of what the workers carry. */
export interface Shrinkage {
  readonly remove: readonly number[];
  readonly close: readonly ListenerKey[];
  readonly set: readonly SlotState[];
}

/** What the workers do not have yet. */
export interface Growth {
  readonly set: readonly SlotState[];
  readonly missing: readonly ListenerKey[];
  readonly failures: readonly EndpointFailure[];
}

/**
 * What the workers have been told, so that only differences are sent. Pure: it knows no sockets.
 * A snapshot is taken in by `shrink`, then `grow`: addresses change hands between the two.
 */
export class Image {
  readonly #slotLimit: number;
  readonly #carried = new Map<EndpointId, Carried>();
  readonly #owners = new Map<number, EndpointId>();
  readonly #freeSlots: number[] = [];
  #nextSlot = 0;

  constructor(slotLimit: number) {
    this.#slotLimit = slotLimit;
  }

  slotOf(id: EndpointId): number | undefined {
    return this.#carried.get(id)?.state.slot;
  }

  ownerOf(slot: number): EndpointId | undefined {
    return this.#owners.get(slot);
  }

  get slots(): readonly number[] {
    return [...this.#owners.keys()];
  }

  /** Forgets what `desired` does not have, and takes in what changed of the rest. */
  shrink(desired: readonly DesiredEndpoint[]): Shrinkage {
    const wanted = new Map(desired.map((endpoint) => [endpoint.id, endpoint]));
    const claims = claimsOf(desired);
    const remove: number[] = [];
    const close: ListenerKey[] = [];
    const set: SlotState[] = [];
    for (const [id, carried] of this.#carried) {
      const endpoint = wanted.get(id);
      if (endpoint === undefined) {
        remove.push(this.#forget(id, carried));
        continue;
      }
      for (const [name, key] of carried.listening) {
        if (claims.get(name) === id) continue;
        carried.listening.delete(name);
        close.push(key);
      }
      const state = stateOf(endpoint, carried.state.slot);
      if (sameState(state, carried.state)) continue;
      carried.state = state;
      set.push(state);
    }
    return { remove, close, set };
  }

  /** Gives slots to what is new, and says what is still to be listened on. */
  grow(desired: readonly DesiredEndpoint[]): Growth {
    const claims = claimsOf(desired);
    const set: SlotState[] = [];
    const missing: ListenerKey[] = [];
    const failures: EndpointFailure[] = [];
    for (const endpoint of desired) {
      let carried = this.#carried.get(endpoint.id);
      if (carried === undefined) {
        carried = this.#admit(endpoint);
        if (carried === undefined) {
          failures.push(tooMany(endpoint.id, this.#slotLimit));
          continue;
        }
        set.push(carried.state);
      }
      for (const key of keysOf(endpoint, carried.state.slot)) {
        const owner = claims.get(nameOf(key));
        if (owner !== endpoint.id) failures.push(claimedTwice(endpoint.id, key, owner));
        else if (!carried.listening.has(nameOf(key))) missing.push(key);
      }
    }
    return { set, missing, failures };
  }

  /** Every worker listens on `key` now. */
  listening(key: ListenerKey): void {
    const owner = this.#owners.get(key.slot);
    if (owner !== undefined) this.#carried.get(owner)?.listening.set(nameOf(key), key);
  }

  /** A slot that `shrink` removed may be given away again; until then it is its last owner's. */
  release(slot: number): void {
    this.#owners.delete(slot);
    this.#freeSlots.push(slot);
  }

  #forget(id: EndpointId, carried: Carried): number {
    this.#carried.delete(id);
    return carried.state.slot;
  }

  #admit(endpoint: DesiredEndpoint): Carried | undefined {
    const slot = this.#freeSlots.pop() ?? this.#nextSlot;
    if (slot >= this.#slotLimit) return undefined;
    if (slot === this.#nextSlot) this.#nextSlot++;
    const carried: Carried = { state: stateOf(endpoint, slot), listening: new Map() };
    this.#carried.set(endpoint.id, carried);
    this.#owners.set(slot, endpoint.id);
    return carried;
  }
}

/** Which endpoint has an address and port: the first one of the list that names it. */
function claimsOf(desired: readonly DesiredEndpoint[]): Map<string, EndpointId> {
  const claims = new Map<string, EndpointId>();
  for (const endpoint of desired) {
    for (const key of keysOf(endpoint, 0)) {
      if (!claims.has(nameOf(key))) claims.set(nameOf(key), endpoint.id);
    }
  }
  return claims;
}

function keysOf(endpoint: DesiredEndpoint, slot: number): ListenerKey[] {
  return addressesOf(endpoint).flatMap((address) =>
    endpoint.clientPorts.map((port) => ({ slot, address, port })),
  );
}

function nameOf(key: ListenerKey): string {
  return `${key.address} ${key.port}`;
}

function stateOf(endpoint: DesiredEndpoint, slot: number): SlotState {
  const { maxSession, refusal } = endpoint;
  // Copies: the image is compared with later lists, and a copy is what can be sent to a thread.
  const nodes = endpoint.nodes.map(copyOf);
  const away = endpoint.away?.map((node) => ({ ...copyOf(node), sessions: node.sessions }));
  const sources = endpoint.sources && [...endpoint.sources];
  const serverPorts = endpoint.serverPorts?.map((port) => ({ ...port }));
  return {
    slot,
    maxSession,
    refusal,
    nodes,
    ...(away === undefined ? {} : { away }),
    ...(sources === undefined ? {} : { sources }),
    ...(serverPorts === undefined ? {} : { serverPorts }),
  };
}

function copyOf({ host, port, id, weight }: DesiredNode): DesiredNode {
  return { host, port, ...(id === undefined ? {} : { id }), ...(weight === undefined ? {} : { weight }) };
}

function sameState(a: SlotState, b: SlotState): boolean {
  return (
    a.maxSession === b.maxSession &&
    a.refusal === b.refusal &&
    a.sources?.join() === b.sources?.join() &&
    portsText(a) === portsText(b) &&
    areSame(a.nodes, b.nodes) &&
    areSame(a.away ?? [], b.away ?? [])
  );
}

function areSame(
  before: readonly (DesiredNode | AwayNode)[],
  after: readonly (DesiredNode | AwayNode)[],
): boolean {
  return before.length === after.length && before.every((node, at) => nodeText(node) === nodeText(after[at]));
}

function nodeText(node: DesiredNode | AwayNode | undefined): string {
  if (!node) return "";
  const { host, port, id = "", weight = "" } = node;
  return `${host} ${port} ${id} ${weight} ${"sessions" in node ? node.sessions : ""}`;
}

function portsText({ serverPorts = [] }: SlotState): string {
  return serverPorts.map(({ clientPort, serverPort }) => `${clientPort} ${serverPort}`).join();
}

function tooMany(endpointId: EndpointId, limit: number): EndpointFailure {
  const message = `The gateway carries ${limit} endpoints and no more. Delete endpoints, or add a gateway.`;
  return { endpointId, code: "limit", message };
}

function claimedTwice(
  endpointId: EndpointId,
  key: ListenerKey,
  owner: EndpointId | undefined,
): EndpointFailure {
  const message = `${key.address} port ${key.port} belongs to endpoint ${owner}. Give one of the two another address or port.`;
  return { endpointId, code: "port_taken", message };
}
