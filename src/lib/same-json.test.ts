import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isSameJson } from "./same-json.ts";

test("values are the same where their copies are, and only there", () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ a: fc.boolean(), b: fc.array(fc.boolean(), { maxLength: 2 }) }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(value, value, (a, b) => {
      const copy: unknown = JSON.parse(JSON.stringify(a));
      expect(isSameJson(JSON.parse(JSON.stringify(a)), copy)).toBe(true);
      expect(isSameJson(copy, JSON.parse(JSON.stringify(b)))).toBe(
        fc.stringify(copy) === fc.stringify(JSON.parse(JSON.stringify(b))),
      );
    }),
  );
});

test.each([
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }],
  [[], {}],
  [null, {}],
  [[1], [1, 2]],
  ["1", 1],
])("%j and %j are not the same", (a, b) => {
  expect(isSameJson(a, b)).toBe(false);
});

test("the order of members does not count", () => {
  expect(isSameJson({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
});
