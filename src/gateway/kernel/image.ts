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
import { setNames, type SetName } from "./nft/schema.ts";
import type { Change } from "./nft/tables.ts";

/** Everything that the tables are to say, but for the caps of sessions. */
export interface KernelState {
  readonly networks: readonly KernelNetwork[];
  readonly endpoints: readonly KernelEndpoint[];
  readonly groups: readonly NodeGroup[];
}

/** One network, endpoint or group, with what it was made from: its elements are made anew when they are wanted. */
interface Part {
  /** Equal texts, equal elements. */
  readonly text: string;
  readonly entries: () => readonly Entry[];
}

/**
 * What the kernel's tables hold, as far as this process knows, so that only differences are sent. It is kept as the
 * parts that were applied, not as their elements: there are a dozen of those for each endpoint.
 */
export class Image {
  #parts: ReadonlyMap<string, Part> = new Map();

  /** Returns what leads from here to `state`, and the way to note that it was done. */
  difference(state: KernelState): { readonly changes: readonly Change[]; readonly accept: () => void } {
    const wanted = partsOf(state);
    const removed: Entry[] = [];
    const added: Entry[] = [];
    for (const [key, part] of this.#parts) {
      const next = wanted.get(key);
      if (next?.text !== part.text) collectChanges(part.entries(), next?.entries() ?? [], removed, added);
    }
    for (const [key, part] of wanted) if (!this.#parts.has(key)) added.push(...part.entries());
    return { changes: changesOf(removed, added), accept: () => void (this.#parts = wanted) };
  }

  /** Notes what the tables hold now. */
  accept(state: KernelState): void {
    this.#parts = partsOf(state);
  }
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
  for (const part of partsOf(state).values()) {
    for (const entry of part.entries()) wanted.get(entry.set)?.push(entry);
  }
  const removed: Entry[] = [];
  const added: Entry[] = [];
  for (const [set, entries] of wanted) {
    if (isForeign(set)) continue;
    const present = list(set).map((element): Entry => ({ set, element }));
    collectChanges(present, entries, removed, added);
  }
  return changesOf(removed, added);
}

function partsOf({ networks, endpoints, groups }: KernelState): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const add = <Input extends { readonly number: number }>(
    kind: string,
    inputs: readonly Input[],
    entriesOf: (input: Input) => readonly Entry[],
  ): void => {
    for (const input of inputs) {
      parts.set(`${kind} ${input.number}`, { text: JSON.stringify(input), entries: () => entriesOf(input) });
    }
  };
  add("network", networks, networkEntries);
  add("group", groups, groupEntries);
  add("endpoint", endpoints, endpointEntries);
  return parts;
}

function collectChanges(
  before: readonly Entry[],
  after: readonly Entry[],
  removed: Entry[],
  added: Entry[],
): void {
  const named = new Map(before.map((entry) => [nameOf(entry), entry]));
  for (const entry of after) {
    const name = nameOf(entry);
    const present = named.get(name);
    named.delete(name);
    if (present && content(present.element) === content(entry.element)) continue;
    if (present) removed.push(present);
    added.push(entry);
  }
  removed.push(...named.values());
}

function nameOf({ set, element }: Entry): string {
  return `${set} ${identity(element)}`;
}

/** All removals first: an address may go from one endpoint to another. Sorted by set, for few and long messages. */
function changesOf(removed: readonly Entry[], added: readonly Entry[]): readonly Change[] {
  return [
    ...bySet(removed).map(({ set, element }): Change => ({ verb: "remove", set, element })),
    ...bySet(added).map(({ set, element }): Change => ({ verb: "add", set, element })),
  ];
}

function bySet(entries: readonly Entry[]): readonly Entry[] {
  const order = new Map(setNames.map((set, index) => [set, index]));
  return entries.toSorted((a, b) => (order.get(a.set) ?? 0) - (order.get(b.set) ?? 0));
}
