import { expect, test } from "vitest";
import { duration, parseTime } from "./time.ts";

test.each([
  ["2026-05-04T13:30Z", "2026-05-04T13:30:00.000Z"],
  ["2026-05-04T13:30:15.250+02:00", "2026-05-04T11:30:15.250Z"],
  ["2026-05-04T13:30", "2026-05-04T13:30:00.000Z"],
  ["2026-05-04", "2026-05-04T00:00:00.000Z"],
])("%s is %s", (text, time) => {
  expect(parseTime(text)).toBe(time);
});

test("how long ago counts from now", () => {
  const least = Date.now() - 7_200_000;
  const parsed = Date.parse(parseTime("-2h"));
  expect(parsed).toBeGreaterThanOrEqual(least);
  expect(parsed).toBeLessThanOrEqual(Date.now() - 7_200_000);
});

test.each(["", "yesterday", "2h", "-2w", "-h", "2026-13-01", "13:30", "1234567890"])(
  "%j is refused",
  (text) => {
    expect(() => parseTime(text)).toThrow("It must be a time such as");
  },
);

test.each([
  ["30s", 30],
  ["10m", 600],
  ["24h", 86_400],
  ["45", 45],
  ["0", 0],
])("%s lasts %d s", (text, seconds) => {
  expect(duration(0, 86_400)(text)).toBe(seconds);
});

test.each(["", "25h", "1d", "-1", "1.5m", "soon", "h"])("%j is no time that something lasts", (text) => {
  expect(() => duration(0, 86_400)(text)).toThrow("from 0s to 1d");
});

test("what is shorter or longer than makes sense is refused", () => {
  const parse = duration(1, 60);
  expect([parse("1s"), parse("1m")]).toEqual([1, 60]);
  for (const text of ["0", "61s", "2m"]) expect(() => parse(text)).toThrow("from 1s to 1m");
});
