import { expect, test } from "vitest";
import { Paced } from "./paced.ts";

test("work rests for twenty times as long as it took, and does not where it failed", () => {
  let now = 0;
  const paced = new Paced(() => now);
  expect(paced.isDue).toBe(true);
  paced.run(() => {
    now += 3;
  });
  now += 59;
  expect(paced.isDue).toBe(false);
  now += 1;
  expect(paced.isDue).toBe(true);
  expect(() =>
    paced.run(() => {
      now += 3;
      throw new Error("EIO");
    }),
  ).toThrow("EIO");
  expect(paced.isDue).toBe(true);
});
