import { expect, test } from "vitest";
import { Backoff, jitteredBackoffMs } from "./backoff.ts";

test("waits double up to the most, and start over after a success", () => {
  const backoff = new Backoff(20, 100);
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([20, 40, 80, 100, 100]);
  backoff.reset();
  expect([backoff.next(), backoff.next()]).toEqual([20, 40]);
});

function wait(failures: number, random: number): number {
  return jitteredBackoffMs(failures, 1_000, 60_000, random);
}

test("waits of what failed together are spread by a quarter to either side, below the most and a quarter", () => {
  expect([wait(1, 0), wait(1, 0.5), wait(1, 1)]).toEqual([750, 1_000, 1_250]);
  expect([wait(2, 0.5), wait(6, 0.5), wait(7, 0.5), wait(2_000, 1)]).toEqual([2_000, 32_000, 60_000, 75_000]);
});
