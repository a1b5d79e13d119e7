import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4Prefix, parseIpv4Prefix, type Ipv4Prefix } from "../lib/ipv4.ts";
import { prefixesOverlap } from "../lib/prefix.ts";
import { freeLoopbackNetwork, isLoopbackNetwork } from "./loopback.ts";

function network(text: string): Ipv4Prefix {
  const prefix = parseIpv4Prefix(text);
  if (!prefix) throw new TypeError(text);
  return prefix;
}

const start = fc.double({ min: 0, max: 1, noNaN: true });
/** The /20 networks that defaults come from. */
const defaults = Array.from({ length: 64 * 16 }, (_, index) =>
  network(`127.${64 + Math.floor(index / 16)}.${(index % 16) * 16}.0/20`),
);
const other = fc
  .constantFrom("127.64.0.0/11", "127.100.7.0/24", "127.127.255.255/32", "127.1.0.0/16")
  .map(network);
const taken = fc
  .tuple(fc.subarray(defaults), fc.array(other, { maxLength: 2 }))
  .map(([ours, others]) => [...ours, ...others]);

test("a default network is a free /20 of 127.64.0.0/10, wherever the search begins", () => {
  fc.assert(
    fc.property(taken, start, (present, from) => {
      const found = freeLoopbackNetwork(present, from);
      const free = defaults.filter((candidate) => !present.some((net) => prefixesOverlap(net, candidate)));
      const allowed = free.length === 0 ? [undefined] : free.map(formatIpv4Prefix);
      expect(allowed).toContain(found);
    }),
  );
});

test("the last free network is found from every beginning", () => {
  fc.assert(
    fc.property(fc.nat({ max: defaults.length - 1 }), start, (index, from) => {
      const free = defaults[index];
      const found = freeLoopbackNetwork(defaults.toSpliced(index, 1), from);
      expect(network(found ?? "")).toEqual(free);
    }),
    { numRuns: 30 },
  );
});

test("none is found where none is free", () => {
  expect(freeLoopbackNetwork([network("127.0.0.0/8")], 0.3)).toBeUndefined();
});

test("two beginnings give two networks", () => {
  expect(freeLoopbackNetwork([], 0)).toBe("127.64.0.0/20");
  expect(freeLoopbackNetwork([], 0.5)).toBe("127.96.0.0/20");
});

test.each([
  ["127.1.0.0/16", true],
  ["127.255.255.0/24", true],
  ["127.128.0.0/9", true],
  ["127.0.0.0/8", false],
  ["127.0.0.0/16", false],
  ["127.0.53.0/24", false],
  ["126.0.0.0/8", false],
  ["10.0.0.0/24", false],
  ["0.0.0.0/0", false],
])("%s as a loopback VPC: %s", (text, allowed) => {
  expect(isLoopbackNetwork(network(text))).toBe(allowed);
});
