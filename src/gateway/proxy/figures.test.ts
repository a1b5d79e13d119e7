import { beforeEach, expect, test } from "vitest";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { Figures } from "./figures.ts";
import { allocateSlotMemory, SlotCounters, SlotTotals } from "./slots.ts";

let totals: SlotTotals;
let workers: readonly SlotCounters[];
let figures: Figures;
let slots: Map<string, number>;
/** Slots of which counters were read. */
let asked: number[];

beforeEach(() => {
  const memory = allocateSlotMemory(2);
  totals = new SlotTotals(memory);
  workers = memory.counters.map((own) => new SlotCounters(memory.live, own));
  asked = [];
  figures = new Figures({
    changesOf: (slot) => totals.changesOf(slot),
    read: (slot) => {
      asked.push(slot);
      return totals.read(slot);
    },
  });
  slots = new Map([
    ["a", 3],
    ["b", 4],
  ]);
});

function endpoints(...ids: readonly string[]): readonly DesiredEndpoint[] {
  const rest = { address: "127.0.0.2", clientPorts: [80], maxSession: 1, refusal: null, nodes: [] };
  return ids.map((id) => ({ id: id as EndpointId, ...rest }));
}

const read = (desired: readonly DesiredEndpoint[]) => figures.read(desired, (id) => slots.get(id));

test("nothing is read of an endpoint where nothing happened, and it is the same object as before", () => {
  const desired = endpoints("a", "b");
  const before = read(desired);
  expect(before).toMatchObject([
    { endpointId: "a", sessions: 0, bytesIn: 0 },
    { endpointId: "b", sessions: 0 },
  ]);
  expect(asked.splice(0)).toEqual([3, 4]);
  expect(read(desired)).toBe(before);
  workers[1]?.countBytesIn(4, 7);
  const after = read(desired);
  expect([after[0] === before[0], after[1]?.bytesIn, before[1]?.bytesIn, asked]).toEqual([true, 7, 0, [4]]);
});

const events: readonly (readonly [string, (worker: SlotCounters) => void, object])[] = [
  ["opened", (worker) => worker.tryEnter(3, 9), { sessions: 2, newSessions: 2 }],
  ["closed", (worker) => worker.leave(3), { sessions: 0, newSessions: 1 }],
  ["heard from the consumer", (worker) => worker.countBytesIn(3, 5), { bytesIn: 5 }],
  ["answered", (worker) => worker.countBytesOut(3, 6), { bytesOut: 6 }],
  ["cut", (worker) => worker.countSevered(3, 2), { severed: 2 }],
];

test.each([0, 1])("whatever worker %i counts is noticed", (index) => {
  for (const [what, happens, expected] of events) {
    const desired = endpoints("a");
    workers[1 - index]?.tryEnter(3, 9);
    const [before] = read(desired);
    happens(workers[index] as SlotCounters);
    const [after] = read(desired);
    expect([what, after]).toEqual([what, { ...before, ...expected }]);
    totals.clear(3);
  }
  workers[index]?.countRefusal(3, "session_cap");
  expect(read(endpoints("a"))[0]?.refusals.session_cap).toBe(1);
});

test("an endpoint without a slot has nothing; one that gets another's slot begins with nothing", () => {
  slots.delete("b");
  const desired = endpoints("a", "b");
  workers[0]?.countBytesIn(3, 5);
  expect(read(desired)).toMatchObject([{ bytesIn: 5 }, { endpointId: "b", bytesIn: 0 }]);
  totals.clear(3);
  slots = new Map([["b", 3]]);
  expect(read(desired)).toMatchObject([
    { endpointId: "a", bytesIn: 0 },
    { endpointId: "b", bytesIn: 0 },
  ]);
  workers[0]?.countBytesIn(3, 6);
  expect(read(desired)).toMatchObject([{ bytesIn: 0 }, { bytesIn: 6 }]);
});

test("in another list each endpoint keeps its figures, and who is not in it has none", () => {
  workers[0]?.countBytesIn(4, 5);
  const [a, b] = read(endpoints("a", "b"));
  asked = [];
  slots.set("c", 5);
  const after = read(endpoints("b", "c", "a"));
  expect([after[0] === b, after[1]?.endpointId, after[2] === a, asked]).toEqual([true, "c", true, [5]]);
  expect(read(endpoints("b"))).toEqual([b]);
  expect(read([])).toEqual([]);
});

test("who comes back in a slot that was cleared begins with nothing", () => {
  const desired = endpoints("a");
  workers[0]?.countBytesIn(3, 5);
  expect(read(desired)[0]?.bytesIn).toBe(5);
  totals.clear(3);
  expect(read(desired)[0]?.bytesIn).toBe(0);
});
