import type { QueryKey } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gathered } from "./gathered.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what comes together is done once, and what goes on coming at intervals", () => {
  const done: QueryKey[] = [];
  const take = gathered((key) => done.push(key), 300, 3_000);
  take([]);
  take([["one"], ["two"]]);
  vi.advanceTimersByTime(200);
  take([["one"]]);
  vi.advanceTimersByTime(99);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(done.splice(0)).toEqual([["one"], ["two"]]);
  take([["one"]]);
  vi.advanceTimersByTime(2_999);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(done.splice(0)).toEqual([["one"]]);
  vi.advanceTimersByTime(10_000);
  take([["two"]]);
  vi.advanceTimersByTime(300);
  expect(done).toEqual([["two"]]);
});
