import { expect, test } from "vitest";
import { TestClock } from "../lib/test-clock.ts";
import { FailureLock } from "./failure-lock.ts";

function start(failures: number) {
  const clock = new TestClock();
  const lock = new FailureLock(clock);
  for (let n = 0; n < failures; n += 1) lock.failed("AK");
  return { clock, lock };
}

test("more than 5 failures in a row lock for 5 minutes; then 5 are free again", () => {
  expect(start(5).lock.isLocked("AK")).toBe(false);
  const { clock, lock } = start(6);
  expect(lock.isLocked("AK")).toBe(true);
  expect(lock.isLocked("other")).toBe(false);
  clock.advance(5 * 60_000 - 1);
  expect(lock.isLocked("AK")).toBe(true);
  clock.advance(1);
  expect(lock.isLocked("AK")).toBe(false);
  for (let n = 0; n < 5; n += 1) lock.failed("AK");
  expect(lock.isLocked("AK")).toBe(false);
  lock.failed("AK");
  expect(lock.isLocked("AK")).toBe(true);
});

test("a success in between starts the count over", () => {
  const { lock } = start(5);
  lock.succeeded("AK");
  for (let n = 0; n < 5; n += 1) lock.failed("AK");
  expect(lock.isLocked("AK")).toBe(false);
});

test("no more than 10,000 names are remembered, the latest ones", () => {
  const { lock } = start(6);
  for (let n = 0; n < 9_999; n += 1) lock.failed(`k${n}`);
  expect(lock.isLocked("AK")).toBe(true);
  lock.failed("one more");
  expect(lock.isLocked("AK")).toBe(false);
});
