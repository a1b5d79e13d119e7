import { expect, test } from "vitest";
import { readTime } from "./events.ts";

test.each([
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
  ["-30s", "1970-01-01T23:59:30.000Z"],
  ["-15m", "1970-01-01T23:45:00.000Z"],
  ["-2h", "1970-01-01T22:00:00.000Z"],
  ["-1d", "1970-01-01T00:00:00.000Z"],
])("%s is %s", (text, time) => expect(readTime(text, 86_400_000)).toBe(time));

test.each(["", "yesterday", "-2w", "2h", "-9999999s", "2026-13-45"])("%s is no time", (text) =>
  expect(() => readTime(text)).toThrow("is no time"),
);
