import { expect, test } from "vitest";
import { parseSources } from "./source-whitelist.ts";

test("takes addresses and networks, each once", () => {
  const sources = ["10.0.0.1", "10.1.0.0/16", "0.0.0.0/0", "10.0.0.1", "::1", "fd00:1::/64"];
  expect(parseSources(sources)).toEqual(["10.0.0.1", "10.1.0.0/16", "0.0.0.0/0", "::1", "fd00:1::/64"]);
});

test.each(["", "x", "10.0.0.1/16", "10.0.0.0/33", "::1/64", "fe80::1%eth0", "10.0.0.01"])(
  "%s is no source",
  (source) => {
    expect(() => parseSources([source])).toThrow(expect.objectContaining({ kind: "source_malformed" }));
  },
);

test("holds twenty", () => {
  const sources = Array.from({ length: 21 }, (_, n) => `10.0.0.${n}`);
  expect(parseSources(sources.slice(0, 20))).toHaveLength(20);
  expect(() => parseSources(sources)).toThrow(expect.objectContaining({ kind: "sources_full" }));
});
