import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listDifference } from "./list-difference.ts";

test("what is in one list only is told, in its order, wherever it stands", () => {
  const list = fc.uniqueArray(fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(list, list, (before, after) => {
      expect(listDifference(before, after)).toEqual({
        gone: before.filter((item) => !after.includes(item)),
        came: after.filter((item) => !before.includes(item)),
      });
    }),
  );
});

test("equal items that are not the same one are different", () => {
  const [a, b] = [{ name: "a" }, { name: "a" }];
  expect(listDifference([a], [b])).toEqual({ gone: [a], came: [b] });
});
