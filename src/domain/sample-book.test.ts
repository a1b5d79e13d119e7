import { expect, test } from "vitest";
import type { EndpointId } from "./ids.ts";
import { zeroFigures, type EndpointFigures } from "./report.ts";
import { SampleBook, sampleEveryS } from "./sample-book.ts";

const everyMs = sampleEveryS * 1_000;
const began = 1_000_000 * everyMs;
const id = (name: string | number): EndpointId => String(name) as EndpointId;

function figures(name: string | number, sessions: number, counted = 0): EndpointFigures {
  const zero = zeroFigures(id(name));
  const refusals = { ...zero.refusals, session_cap: counted, not_accepted: counted };
  const counts = { newSessions: counted, bytesIn: counted * 10, bytesOut: counted * 100 };
  return { ...zero, sessions, ...counts, refusals };
}

/** A book that has been told, turn by turn, what was known then. */
function start(...turns: readonly (readonly EndpointFigures[])[]) {
  const book = new SampleBook();
  for (const [n, all] of turns.entries()) book.record(all, began + n * everyMs);
  const now = began + (turns.length - 1) * everyMs;
  return { book, now, read: (...ids: readonly EndpointId[]) => book.samples(ids, now) };
}

test("sessions are as they were, counters what came since the sample before", () => {
  const { read } = start([figures("a", 2, 100)], [figures("a", 3, 104)], [figures("a", 0, 104)]);
  const none = { newSessions: 0, bytesIn: 0, bytesOut: 0, refusals: 0 };
  expect(read(id("a"))).toEqual([
    { at: began, sessions: 2, ...none },
    { at: began + everyMs, sessions: 3, newSessions: 4, bytesIn: 40, bytesOut: 400, refusals: 8 },
    { at: began + 2 * everyMs, sessions: 0, ...none },
  ]);
});

test("counters of a new endpoint, and of a gateway that was restarted, begin at nothing", () => {
  const { read } = start([], [figures("a", 1, 5)], [figures("a", 1, 2)]);
  expect(read(id("a")).map(({ newSessions }) => newSessions)).toEqual([5, 2]);
});

test("several endpoints are summed, turn by turn", () => {
  const { read } = start([figures("a", 1)], [figures("a", 2), figures("b", 5)]);
  expect(read(id("a"), id("b"), id("c")).map(({ sessions }) => sessions)).toEqual([1, 7]);
});

test("a turn without a sample leaves a gap, also where the ring has been there before", () => {
  const { book, now } = start([figures("a", 1)], ...Array.from({ length: 239 }, () => [figures("a", 1)]));
  const later = now + 10 * everyMs;
  book.record([figures("a", 2)], later);
  const times = book.samples([id("a")], later).map(({ at }) => (at - began) / everyMs);
  expect([times[0], times.length, times.at(-2), times.at(-1)]).toEqual([10, 231, 239, 249]);
});

test("the last hour is kept, and nothing of who was idle for so long", () => {
  const idle = Array.from({ length: 239 }, () => [figures("a", 0)]);
  const kept = start([figures("a", 1)], ...idle);
  expect(kept.read(id("a"))).toHaveLength(240);
  expect(start([figures("a", 1)], ...idle, [figures("a", 0)]).read(id("a"))).toEqual([]);
  expect(kept.book.samples([id("a")], kept.now + 3_600_000)).toEqual([]);
});

test("what endpoints carried is told turn by turn, with gaps, and without those that carried nothing", () => {
  const { book, now } = start(
    [figures("a", 1, 0), figures("idle", 1, 0)],
    [figures("a", 1, 1), figures("idle", 1, 0)],
  );
  const later = now + 2 * everyMs;
  book.record([figures("a", 1, 3), figures("idle", 1, 0)], later);
  const { from, bytes } = book.throughput([id("a"), id("idle"), id("none")], 5, later + everyMs);
  expect(from).toBe(began);
  expect([...bytes]).toEqual([[id("a"), [0, 110, null, 220, null]]]);
  expect(book.throughput([id("a")], 240, later + 245 * everyMs).bytes.size).toBe(0);
});

test("10,000 endpoints have samples: one that is idle gives way, one that is active does not", () => {
  const crowd = Array.from({ length: 10_000 }, (_, n) => figures(n, 1));
  const { read } = start(crowd, [...crowd, figures("late", 1)]);
  expect(read(id("late"))).toEqual([]);
  const quiet = crowd.map((one, n) => (n === 7 ? figures(7, 0) : one));
  const after = start(crowd, quiet, quiet, [...quiet, figures("late", 1)]);
  expect(after.read(id("late"))).toHaveLength(1);
  expect(after.read(id(7))).toEqual([]);
  expect(after.read(id(8))).toHaveLength(4);
});
