import { expect, test } from "vitest";
import { addTags, matchesTags, removeTags, type TagQuery } from "./tags.ts";

const present = [
  { key: "team", value: "search" },
  { key: "stage", value: "live" },
];

test("a tag that is added again gets its new value; others stay", () => {
  expect(addTags(present, [{ key: "stage", value: "test" }, { key: "x" }])).toEqual([
    { key: "team", value: "search" },
    { key: "stage", value: "test" },
    { key: "x", value: "" },
  ]);
});

test.each([
  [[{ key: "a" }, { key: "a" }], "tag_key_twice"],
  [[{ key: "" }], "tag_key_malformed"],
  [[{ key: "a b" }], "tag_key_malformed"],
  [[{ key: "a", value: "<" }], "tag_value_malformed"],
  [[{ key: "a", value: "b".repeat(256) }], "tag_value_malformed"],
  [[{ key: "a".repeat(129) }], "tag_key_malformed"],
  [Array.from({ length: 19 }, (_, n) => ({ key: `k${n}` })), "tags_full"],
])("%j is refused: %s", (added, kind) => {
  expect(() => addTags(present, added)).toThrow(expect.objectContaining({ kind }));
});

test("a tag is removed by its key, or by key and value", () => {
  expect(removeTags(present, [{ key: "team" }, { key: "stage", value: "other" }])).toEqual([present[1]]);
});

test.each<[TagQuery, boolean]>([
  [{}, true],
  [{ tags: [{ key: "team" }, { key: "stage", values: ["x", "live"] }] }, true],
  [{ tags: [{ key: "team" }, { key: "stage", values: ["x"] }] }, false],
  [{ tags: [{ key: "team", values: ["*ear"] }] }, true],
  [{ tags_any: [{ key: "a" }, { key: "team" }] }, true],
  [{ tags_any: [{ key: "a" }] }, false],
  [{ not_tags: [{ key: "a" }, { key: "team" }] }, true],
  [{ not_tags: [{ key: "team" }] }, false],
  [{ not_tags_any: [{ key: "a" }, { key: "team" }] }, false],
  [{ without_any_tag: true }, false],
])("%j finds it: %s", (query, isFound) => {
  expect(matchesTags(present, query)).toBe(isFound);
});
