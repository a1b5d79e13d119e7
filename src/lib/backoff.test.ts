import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("waits double up to the most, and start over after a success", () => {
  const backoff = new Backoff(20, 100);
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([20, 40, 80, 100, 100]);
  backoff.reset();
  expect([backoff.next(), backoff.next()]).toEqual([20, 40]);
});
