import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { KernelEndpoint, KernelNetwork, NodeGroup } from "./compile.ts";
import { resyncChanges, turnChanges } from "./image.ts";
import { content, identity, type Element } from "./nft/element.ts";
import { setNames, type SetName } from "./nft/schema.ts";
import type { Change } from "./nft/tables.ts";
import { Tracked, type Turn } from "./tracked.ts";

/** A small model of the kernel's sets: it refuses what the kernel refuses. */
class Sets {
  readonly #sets = new Map<SetName, Map<string, Element>>(setNames.map((set) => [set, new Map()]));

  apply(changes: readonly Change[]): void {
    for (const { verb, set, element } of changes) {
      const elements = this.#sets.get(set);
      const name = identity(element);
      if (!elements) throw new Error(`no set ${set}`);
      if (verb === "add" && elements.has(name)) throw new Error(`EEXIST ${set} ${name}`);
      if (verb === "remove" && !elements.delete(name)) throw new Error(`ENOENT ${set} ${name}`);
      if (verb === "add") elements.set(name, element);
    }
  }

  list(set: SetName): readonly Element[] {
    return [...(this.#sets.get(set)?.values() ?? [])];
  }

  text(): readonly string[] {
    return setNames
      .flatMap((set) => this.list(set).map((element) => `${set} ${identity(element)} ${content(element)}`))
      .toSorted();
  }
}

/** What the tables are to say. */
interface State {
  readonly networks: readonly KernelNetwork[];
  readonly endpoints: readonly KernelEndpoint[];
  readonly groups: readonly NodeGroup[];
}

const nobody: State = { networks: [], endpoints: [], groups: [] };

/** States that have numbers, addresses and ports in common, so that they change hands. */
const anyState: fc.Arbitrary<State> = fc.record({
  networks: fc.uniqueArray(
    fc.record({
      number: fc.integer({ min: 1, max: 2 }),
      device: fc.constant(""),
      cidrs: fc.subarray(["10.0.0.0/24", "10.0.1.0/24"]),
    }),
    { selector: ({ number }) => number },
  ),
  endpoints: fc
    .uniqueArray(
      fc.record({
        number: fc.integer({ min: 1, max: 4 }),
        network: fc.integer({ min: 1, max: 2 }),
        device: fc.constantFrom("a", "b"),
        addresses: fc.constantFrom<string[]>(
          ["10.0.0.1"],
          ["10.0.0.2"],
          ["fd00::1"],
          ["10.0.0.3", "fd00::2"],
        ),
        ports: fc.uniqueArray(
          fc.record({ port: fc.constantFrom(80, 9200), group: fc.integer({ min: 1, max: 2 }) }),
          { selector: ({ port }) => port },
        ),
        refusal: fc.constantFrom(null, "not_accepted" as const),
        hasNodes: fc.boolean(),
      }),
      { selector: ({ number }) => number },
    )
    .map((endpoints) =>
      endpoints.filter(
        ({ addresses }, index) =>
          endpoints.findIndex((other) => other.addresses.some((one) => addresses.includes(one))) === index,
      ),
    ),
  groups: fc.uniqueArray(
    fc.record({
      number: fc.integer({ min: 1, max: 2 }),
      nodes: fc.subarray([
        { host: "10.1.0.1", port: 1 },
        { host: "10.1.0.2", port: 2 },
        { host: "fd01::1", port: 3 },
      ]),
    }),
    { selector: ({ number }) => number },
  ),
});
const state = anyState.map((any) => ({
  ...any,
  networks: any.networks.map((network) => ({ ...network, device: `if${network.number}` })),
}));

/** What leads from one state to another. */
function changesFrom(before: State, after: State): readonly Change[] {
  return turnChanges({
    networks: turnsOf(before.networks, after.networks),
    endpoints: turnsOf(before.endpoints, after.endpoints),
    groups: turnsOf(before.groups, after.groups),
  });
}

function turnsOf<Value extends { readonly number: number }>(
  before: readonly Value[],
  after: readonly Value[],
): readonly Turn<Value>[] {
  const tracked = new Tracked<Value>();
  for (const value of before) tracked.set(value.number, value);
  tracked.settle();
  for (const { number } of before) tracked.set(number, undefined);
  for (const value of after) tracked.set(value.number, value);
  return [...tracked.turns().values()];
}

function setsOf(wanted: State): Sets {
  const sets = new Sets();
  sets.apply(changesFrom(nobody, wanted));
  return sets;
}

test("turns lead from any state to any other, and from a state to itself there is nothing to do", () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 2, maxLength: 4 }), (states) => {
      const sets = new Sets();
      let before = nobody;
      for (const wanted of states) {
        sets.apply(changesFrom(before, wanted));
        expect(sets.text()).toEqual(setsOf(wanted).text());
        expect(changesFrom(wanted, structuredClone(wanted))).toEqual([]);
        before = wanted;
      }
    }),
  );
});

test("a comparison leads from whatever the kernel holds to the state, and leaves foreign sets alone", () => {
  fc.assert(
    fc.property(state, state, (before, wanted) => {
      const sets = setsOf(before);
      sets.apply([{ verb: "add", set: "cap", element: { key: [9], cap: 5 } }]);
      const list = (set: SetName): readonly Element[] => sets.list(set);
      sets.apply(resyncChanges(wanted, list, (set) => set === "cap"));
      expect(sets.list("cap")).toEqual([{ key: [9], cap: 5 }]);
      expect(resyncChanges(wanted, list, (set) => set === "cap")).toEqual([]);
      sets.apply([{ verb: "remove", set: "cap", element: { key: [9] } }]);
      expect(sets.text()).toEqual(setsOf(wanted).text());
    }),
  );
});
