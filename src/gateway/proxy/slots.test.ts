import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { allocateSlotMemory, SlotCounters, slotLimit, SlotTotals } from "./slots.ts";

function twoWorkers() {
  const memory = allocateSlotMemory(2);
  const [first, second] = memory.counters.map((own) => new SlotCounters(memory.live, own));
  if (first === undefined || second === undefined) throw new Error("Two workers have two tables.");
  return { first, second, totals: new SlotTotals(memory) };
}

test("the cap holds over workers, and leaving makes room", () => {
  const { first, second, totals } = twoWorkers();
  expect([first.tryEnter(7, 2), second.tryEnter(7, 2), first.tryEnter(7, 2)]).toEqual([true, true, false]);
  first.leave(7);
  expect(second.tryEnter(7, 2)).toBe(true);
  expect(totals.read(7)).toMatchObject({ sessions: 2, newSessions: 3 });
  expect(first.tryEnter(8, 0)).toBe(false);
});

test("figures are sums over workers, each slot for itself, up to the last one", () => {
  const { first, second, totals } = twoWorkers();
  const last = slotLimit - 1;
  first.countBytesIn(last, 5);
  second.countBytesIn(last, 6);
  second.countBytesOut(last, 2 ** 40);
  first.countRefusal(last, "session_cap");
  second.countRefusal(last, "service_closed");
  second.countRefusal(last, "service_closed");
  expect(totals.read(last)).toEqual({
    sessions: 0,
    newSessions: 0,
    bytesIn: 11,
    bytesOut: 2 ** 40,
    refusals: {
      not_accepted: 0,
      not_whitelisted: 0,
      source_not_allowed: 0,
      session_cap: 1,
      no_healthy_node: 0,
      service_closed: 2,
      connection_rate: 0,
    },
  });
  expect(totals.read(last - 1)).toMatchObject({ bytesIn: 0, bytesOut: 0 });
});

test("what is noted of changes lies beside the counters, and is told for each slot", () => {
  const { first, totals } = twoWorkers();
  const untouched = totals.read(slotLimit - 1);
  const all = Array.from({ length: 200 }, (_, slot) => slot);
  for (const slot of all) first.countBytesIn(slot, 0);
  for (const slot of all) expect(totals.read(slot)).toEqual(untouched);
  expect([totals.changesOf(199), totals.changesOf(200)]).toEqual([1, 0]);
});

test("a cleared slot starts at nothing and leaves its neighbours alone", () => {
  const { first, totals } = twoWorkers();
  for (const slot of [1, 2, 3]) {
    first.tryEnter(slot, 10);
    first.countBytesIn(slot, 1);
    first.countRefusal(slot, "service_closed");
  }
  totals.clear(2);
  expect(
    [1, 2, 3]
      .map((slot) => totals.read(slot))
      .map((figures) => [
        figures.sessions,
        figures.newSessions,
        figures.bytesIn,
        figures.refusals.service_closed,
      ]),
  ).toEqual([
    [1, 1, 1, 1],
    [0, 0, 0, 0],
    [1, 1, 1, 1],
  ]);
});

test("threads that race for the last place never both get it", async () => {
  const memory = allocateSlotMemory(2);
  const inside = new SharedArrayBuffer(4);
  const program = `
    import { parentPort, workerData } from "node:worker_threads";
    const { SlotCounters } = await import(workerData.module);
    const slots = new SlotCounters(workerData.live, workerData.own);
    const inside = new Int32Array(workerData.inside);
    let entered = 0, collisions = 0;
    while (entered < 100_000) {
      if (!slots.tryEnter(0, 1)) continue;
      entered++;
      if (Atomics.add(inside, 0, 1) !== 0) collisions++;
      Atomics.sub(inside, 0, 1);
      slots.leave(0);
    }
    parentPort.postMessage(collisions);`;
  const module = new URL("./slots.ts", import.meta.url).href;
  const workers = memory.counters.map((own) => {
    const workerData = { module, live: memory.live, own, inside };
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData });
  });
  const collisions = await Promise.all(workers.map((worker) => once(worker, "message")));
  expect(collisions).toEqual([[0], [0]]);
  expect(new SlotTotals(memory).read(0)).toMatchObject({ sessions: 0, newSessions: 200_000 });
});
