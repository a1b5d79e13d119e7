import { expect, test } from "vitest";
import { rowsInTurns } from "./rows-in-turns.ts";

const items = Array.from({ length: 2_500 }, (_, index) => index);

test("every item that has a row has it, in order", async () => {
  const rows = await rowsInTurns(items, (item) => (item % 2 === 0 ? { item } : undefined));
  expect(rows).toEqual(items.filter((item) => item % 2 === 0).map((item) => ({ item })));
});

test("others have their turns meanwhile", async () => {
  let looked = 0;
  const seen: number[] = [];
  const others = (): void => {
    seen.push(looked);
    if (looked < items.length) setImmediate(others);
  };
  setImmediate(others);
  await rowsInTurns(items, () => (looked += 1));
  expect(seen.filter((count) => count < items.length).length).toBeGreaterThan(1);
});
