import { isIPv4 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatIpv4Prefix,
  ipv4FromNumber,
  ipv4ToNumber,
  parseIpv4,
  parseIpv4Prefix,
  type Ipv4Prefix,
} from "./ipv4.ts";
import { prefixContains, prefixesOverlap } from "./prefix.ts";

const addressNumber = fc.nat({ max: 2 ** 32 - 1 });
const prefix: fc.Arbitrary<Ipv4Prefix> = fc
  .record({ value: addressNumber, length: fc.integer({ min: 0, max: 32 }) })
  .map(({ value, length }) => {
    const size = 2 ** (32 - length);
    const first = value - (value % size);
    return { first, last: first + size - 1, length };
  });
/** Prefixes that often meet: long ones in one small network. */
const nearPrefix = prefix.filter(({ length }) => length >= 26).map(moveTo(2 ** 31));

function moveTo(base: number) {
  return ({ first, last, length }: Ipv4Prefix): Ipv4Prefix => {
    const offset = first % 256;
    return { first: base + offset, last: base + offset + (last - first), length };
  };
}

function addresses({ first, last }: Ipv4Prefix): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe("addresses", () => {
  test("number to text to number is the identity, and the text is dotted decimal", () => {
    fc.assert(
      fc.property(addressNumber, (value) => {
        const text = ipv4FromNumber(value);
        expect(text).toBe([24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join("."));
        expect(parseIpv4(text)).toBe(text);
        expect(ipv4ToNumber(text)).toBe(value);
      }),
    );
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "0x1.2.3.4",
    "1.2.3.-4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "1.2.3.4/32",
    "1.2.3.4%eth0",
    "16909060",
    "::ffff:1.2.3.4",
    "١.2.3.4",
    "localhost",
  ])("%j is no address", (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });

  test("takes exactly the texts that Node takes", () => {
    const almost = fc.stringMatching(/^[0-9.x:/ ]{1,16}$/);
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        expect(parseIpv4(text)).toBe(isIPv4(text) ? text : undefined);
      }),
    );
  });
});

describe("networks", () => {
  test("format and parse are inverse", () => {
    fc.assert(
      fc.property(prefix, (network) => {
        expect(parseIpv4Prefix(formatIpv4Prefix(network))).toEqual(network);
      }),
    );
  });

  test("a network with host bits is none", () => {
    fc.assert(
      fc.property(
        prefix.filter(({ length }) => length < 32),
        fc.nat(),
        (network, random) => {
          const size = network.last - network.first + 1;
          const inside = network.first + 1 + (random % (size - 1));
          expect(parseIpv4Prefix(`${ipv4FromNumber(inside)}/${network.length}`)).toBeUndefined();
        },
      ),
    );
  });

  test.each([
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/8 ",
    "/8",
    "10/8",
    "::/0",
  ])("%j is no network", (text) => {
    expect(parseIpv4Prefix(text)).toBeUndefined();
  });

  test("overlap and containment agree with the addresses themselves", () => {
    fc.assert(
      fc.property(nearPrefix, nearPrefix, (a, b) => {
        const inA = new Set(addresses(a));
        expect(prefixesOverlap(a, b)).toBe(addresses(b).some((value) => inA.has(value)));
        expect(prefixContains(a, b)).toBe(addresses(b).every((value) => inA.has(value)));
      }),
    );
  });
});
