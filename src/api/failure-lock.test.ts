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

test("a flood of names leaves room for the lock of one that failed while it went on", () => {
  const { lock } = start(0);
  for (let n = 0; n < 30_000; n += 1) {
    lock.failed(`flood ${n}`);
    if (n % 5_000 === 0) lock.failed("AK");
  }
  expect(lock.isLocked("AK")).toBe(true);
  expect(lock.names).toBe(10_000);
});

test("a name counts once, however often it fails, and not at all after a success", () => {
  const { lock } = start(9);
  expect(lock.names).toBe(1);
  lock.succeeded("AK");
  expect(lock.names).toBe(0);
});

test("failures that were on their way when the name was locked leave it locked", () => {
  const { clock, lock } = start(6);
  expect(lock.failed("AK")).toBe(false);
  expect(lock.isLocked("AK")).toBe(true);
  clock.advance(5 * 60_000);
  expect(lock.isLocked("AK")).toBe(false);
});
