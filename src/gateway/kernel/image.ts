import {
  endpointEntries,
  groupEntries,
  networkEntries,
  type Entry,
  type KernelEndpoint,
  type KernelNetwork,
  type NodeGroup,
} from "./compile.ts";
import { content, identity, type Element } from "./nft/element.ts";
import { isDynamic, setNames, type SetName } from "./nft/schema.ts";
import type { Change } from "./nft/tables.ts";
import type { Turn } from "./tracked.ts";

/** Everything that the tables are to say, but for the caps of sessions. */
export interface KernelState {
  readonly networks: Iterable<KernelNetwork>;
  readonly endpoints: Iterable<KernelEndpoint>;
  readonly groups: Iterable<NodeGroup>;
}

/** What is to become of what the tables say. */
export interface KernelTurns {
  readonly networks: Iterable<Turn<KernelNetwork>>;
  readonly endpoints: Iterable<Turn<KernelEndpoint>>;
  readonly groups: Iterable<Turn<NodeGroup>>;
}

/** Returns the changes of elements that make tables which say what was before say what is to be. */
export function turnChanges({ networks, endpoints, groups }: KernelTurns): readonly Change[] {
  const difference = new Difference();
  for (const turn of networks) difference.addTurn(turn, networkEntries);
  for (const turn of groups) difference.addTurn(turn, groupEntries);
  for (const turn of endpoints) difference.addTurn(turn, endpointEntries);
  return difference.changes();
}

/**
 * Returns what leads from the elements that the kernel lists to `state`, set by set: for the start, after a failure,
 * and for an audit. Sets that nothing of `state` goes to are emptied of what they hold.
 * @param list returns the elements of a set
 * @param isForeign sets that are not looked at
 */
export function resyncChanges(
  state: KernelState,
  list: (set: SetName) => readonly Element[],
  isForeign: (set: SetName) => boolean,
): readonly Change[] {
  const wanted = new Map<SetName, Entry[]>(setNames.map((set) => [set, []]));
  const want = (entries: readonly Entry[]): void => {
    for (const entry of entries) wanted.get(entry.set)?.push(entry);
  };
  for (const network of state.networks) want(networkEntries(network));
  for (const group of state.groups) want(groupEntries(group));
  const numbers = new Set<number>();
  for (const endpoint of state.endpoints) {
    want(endpointEntries(endpoint));
    numbers.add(endpoint.number);
  }
  const difference = new Difference();
  for (const [set, entries] of wanted) {
    if (isForeign(set)) continue;
    const present = list(set).map((element): Entry => ({ set, element }));
    // What the rules have added of an endpoint stays with it.
    const kept = isDynamic(set) ? present.filter(({ element }) => numbers.has(Number(element.key[0]))) : [];
    difference.add(present, [...entries, ...kept]);
  }
  return difference.changes();
}

/** Gathers what differs, in the order in which the kernel takes it. */
class Difference {
  readonly #removed = changesBySet();
  readonly #added = changesBySet();

  addTurn<Input>({ before, after }: Turn<Input>, entriesOf: (input: Input) => readonly Entry[]): void {
    this.add(before === undefined ? [] : entriesOf(before), after === undefined ? [] : entriesOf(after));
  }

  add(before: readonly Entry[], after: readonly Entry[]): void {
    // From nothing there may be more than a million: names are not needed then.
    if (before.length === 0) {
      for (const entry of after) this.#adds(entry);
      return;
    }
    const named = new Map(before.map((entry) => [nameOf(entry), entry]));
    for (const entry of after) {
      const name = nameOf(entry);
      const present = named.get(name);
      named.delete(name);
      if (present && content(present.element) === content(entry.element)) continue;
      if (present) this.#removes(present);
      this.#adds(entry);
    }
    for (const entry of named.values()) this.#removes(entry);
  }

  /** All removals first: an address may go from one endpoint to another. Set by set, for few and long messages. */
  changes(): readonly Change[] {
    return [...this.#removed.values(), ...this.#added.values()].flat();
  }

  #adds({ set, element }: Entry): void {
    this.#added.get(set)?.push({ verb: "add", set, element });
  }

  #removes({ set, element }: Entry): void {
    this.#removed.get(set)?.push({ verb: "remove", set, element });
  }
}

function changesBySet(): ReadonlyMap<SetName, Change[]> {
  return new Map(setNames.map((set) => [set, []]));
}

function nameOf({ set, element }: Entry): string {
  return `${set} ${identity(element)}`;
}
