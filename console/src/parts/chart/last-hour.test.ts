import { expect, test } from "vitest";
import { hourOf, quarterTurns, roundTop, runsOf } from "./last-hour.ts";

const newest = Date.parse("2026-01-02T03:00:00Z");
const sample = (turnsAgo: number, sessions: number, counted = 0) => ({
  at: new Date(newest - turnsAgo * 15_000).toISOString(),
  sessions,
  new_sessions: counted,
  bytes_in: counted * 10,
  bytes_out: counted * 100,
  refusals: counted * 2,
});

test("an hour ends with the newest sample; counters are told by the second, and sessions as they were", () => {
  const hour = hourOf({ interval_seconds: 15, samples: [sample(2, 4, 30), sample(0, 5)] });
  expect(hour?.times).toHaveLength(240);
  expect([hour?.times[0], hour?.times.at(-1)]).toEqual([newest - 239 * 15_000, newest]);
  expect(hour?.values.sessions.slice(-3)).toEqual([4, undefined, 5]);
  const { newSessions, bytesIn, bytesOut, refusals } = hour?.values ?? {};
  expect([newSessions, bytesIn, bytesOut, refusals].map((line) => line?.at(-3))).toEqual([2, 20, 200, 4]);
});

test("without a sample there is no hour to show", () => {
  expect(hourOf({ interval_seconds: 15, samples: [] })).toBeUndefined();
});

test("a line is broken where there is no value", () => {
  expect(runsOf([undefined, 1, 2, undefined, undefined, 0, undefined])).toEqual([[1, 2], [5]]);
  expect(runsOf([])).toEqual([]);
});

test("the top of an axis is round, and above 0", () => {
  expect([[], [0], [1], [3], [7, 40], [51], [0.07], [999_000]].map(roundTop)).toEqual([
    1, 1, 1, 5, 50, 100, 0.1, 1_000_000,
  ]);
});

test("quarters of an hour are marked", () => {
  const times = [-900_000, -15_000, 0, 15_000].map((ms) => newest + ms);
  expect(quarterTurns(times)).toEqual([0, 2]);
});
