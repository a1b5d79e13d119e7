import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressRange, disjoint, isWithin } from "./address-range.ts";

test.each([
  ["10.1.2.3", "10.1.2.3", "10.1.2.3"],
  ["10.1.2.0/24", "10.1.2.0", "10.1.2.255"],
  ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
  ["fd00::1", "fd00::1", "fd00::1"],
  ["fd00::/120", "fd00::", "fd00::ff"],
])("%s goes from %s to %s", (text, first, last) => {
  expect(addressRange(text)).toEqual({ first, last });
});

const cidr = fc
  .tuple(fc.constantFrom("10.0.", "fd00::"), fc.nat({ max: 255 }), fc.nat({ max: 8 }))
  .map(([start, byte, bits]) => {
    const masked = (byte >> bits) << bits;
    return start === "10.0." ? `10.0.0.${masked}/${32 - bits}` : `fd00::${masked.toString(16)}/${128 - bits}`;
  });
const everyAddress = Array.from({ length: 256 }, (_, byte) => [
  `10.0.0.${byte}`,
  `fd00::${byte.toString(16)}`,
]).flat();

test("disjoint ranges hold the same addresses, each once", () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 8 }), (cidrs) => {
      const ranges = cidrs.map(addressRange);
      const kept = disjoint(ranges);
      for (const address of everyAddress) {
        const holders = kept.filter((range) => isWithin(address, [range]));
        expect(holders).toHaveLength(isWithin(address, ranges) ? 1 : 0);
      }
    }),
    { numRuns: 50 },
  );
});

test("an address of the other family lies in no range", () => {
  expect(isWithin("::a00:1", [addressRange("10.0.0.0/8")])).toBe(false);
  expect(isWithin("10.0.0.1", [addressRange("::/0")])).toBe(false);
});
