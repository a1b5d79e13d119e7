import { isIPv6 } from "node:net";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatIpv6Prefix,
  ipv6FromNumber,
  ipv6ToNumber,
  parseIpv6,
  parseIpv6Prefix,
  type Ipv6Prefix,
} from "./ipv6.ts";

const value = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const prefix: fc.Arbitrary<Ipv6Prefix> = fc
  .record({ inside: value, length: fc.integer({ min: 0, max: 128 }) })
  .map(({ inside, length }) => {
    const size = 1n << BigInt(128 - length);
    const first = inside - (inside % size);
    return { first, last: first + size - 1n, length };
  });

test("addresses and numbers are one to one, and the text is the canonical one", () => {
  fc.assert(
    fc.property(value, (number) => {
      const address = ipv6FromNumber(number);
      expect([ipv6ToNumber(address), parseIpv6(address), isIPv6(address)]).toEqual([number, address, true]);
      expect(new URL(`http://[${address}]/`).hostname).toBe(`[${address}]`);
    }),
  );
});

test.each([
  ["FD00:0001::0002", "fd00:1::2"],
  ["fd00:1:0:0:0:0:0:2", "fd00:1::2"],
  ["::", "::"],
])("%s is written as %s", (text, canonical) => {
  expect(parseIpv6(text)).toBe(canonical);
});

test.each(["", "fd00::/64", "fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3.4", ":::", "fd00::1 ", "fd00::12345"])(
  "%j is no address",
  (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  },
);

test("networks: format and parse are inverse, and one with host bits is none", () => {
  fc.assert(
    fc.property(prefix, (network) => {
      expect(parseIpv6Prefix(formatIpv6Prefix(network))).toEqual(network);
      const inside = ipv6FromNumber(network.last);
      const isHost = network.length === 128;
      expect(parseIpv6Prefix(`${inside}/${network.length}`) !== undefined).toBe(isHost);
    }),
  );
});

test.each(["fd00::", "fd00::/", "fd00::/129", "fd00::/064", "fd00::/-1", "/64", "10.0.0.0/8", "fd00::/64 "])(
  "%j is no network",
  (text) => {
    expect(parseIpv6Prefix(text)).toBeUndefined();
  },
);
