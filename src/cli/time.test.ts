import { expect, test } from "vitest";
import { parseTime } from "./time.ts";

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
