import { expect, test } from "vitest";
import { SourceFilter } from "./source-filter.ts";

test("admits addresses and networks of its list, and nobody else", () => {
  const filter = new SourceFilter(["127.0.0.9", "10.1.0.0/16"]);
  const sources = ["127.0.0.9", "10.1.255.255", "127.0.0.8", "10.2.0.0", undefined];
  expect(sources.map((source) => filter.allows(source))).toEqual([true, true, false, false, false]);
});

test("an empty list admits nobody, and a prefix of zero bits everybody", () => {
  expect(new SourceFilter([]).allows("127.0.0.1")).toBe(false);
  expect(new SourceFilter(["0.0.0.0/0"]).allows("127.0.0.1")).toBe(true);
});
