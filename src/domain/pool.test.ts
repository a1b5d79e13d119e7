import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ipv4FromNumber, ipv4ToNumber, parseIpv4, parseIpv4Prefix, type Ipv4 } from "../lib/ipv4.ts";
import {
  candidateWindows,
  hostsOutsidePool,
  isHostAddress,
  poolContains,
  poolOf,
  poolSize,
  type Pool,
} from "./pool.ts";

/** A small pool anywhere, also at the ends of the address space. */
const pool: fc.Arbitrary<Pool> = fc
  .record({ first: fc.oneof(fc.nat({ max: 2 ** 32 - 41 }), fc.constant(0)), size: fc.nat({ max: 40 }) })
  .map(({ first, size }) => ({ first, last: first + size - 1 }));

function addressesOf({ first, last }: Pool): readonly Ipv4[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ipv4FromNumber(first + index));
}

/** What an allocator does with the windows. */
function allocateAddress(present: Pool, used: ReadonlySet<Ipv4>, cursor: Ipv4 | null): Ipv4 | undefined {
  return [...candidateWindows(present, cursor)].flat().find((candidate) => !used.has(candidate));
}

/** A pool, some used addresses (also strangers to the pool), and a cursor anywhere. */
const situation = pool.chain((present) => {
  const inside = addressesOf(present);
  const anyAddress = fc.nat({ max: 2 ** 32 - 1 }).map(ipv4FromNumber);
  return fc.record({
    present: fc.constant(present),
    used: fc
      .tuple(fc.subarray([...inside]), fc.array(anyAddress, { maxLength: 3 }))
      .map(([ours, strangers]) => new Set([...ours, ...strangers])),
    cursor: fc.oneof(
      fc.constant(null),
      anyAddress,
      inside.length > 0 ? fc.constantFrom(...inside) : fc.constant(null),
    ),
  });
});

test("an address is from the pool and free; there is none only where the pool is full", () => {
  fc.assert(
    fc.property(situation, ({ present, used, cursor }) => {
      const address = allocateAddress(present, used, cursor);
      const free = addressesOf(present).filter((candidate) => !used.has(candidate));
      expect(free.length === 0 ? [undefined] : free).toContain(address);
    }),
    { numRuns: 500 },
  );
});

test("it is the next free one after the cursor, going round", () => {
  fc.assert(
    fc.property(situation, ({ present, used, cursor }) => {
      const after = cursor === null ? -1 : ipv4ToNumber(cursor);
      const all = addressesOf(present);
      const inOrder =
        after > present.last
          ? all
          : all.toSorted((a, b) => Number(ipv4ToNumber(a) <= after) - Number(ipv4ToNumber(b) <= after));
      const expected = inOrder.find((candidate) => !used.has(candidate));
      expect(allocateAddress(present, used, cursor)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("every address is handed out once before one is handed out again", () => {
  fc.assert(
    fc.property(
      pool.filter((present) => poolSize(present) > 0),
      (present) => {
        const handedOut: (Ipv4 | undefined)[] = [];
        let cursor: Ipv4 | null = null;
        for (let turn = 0; turn < poolSize(present); turn += 1) {
          // Released at once: only the cursor keeps it from coming again.
          const address = allocateAddress(present, new Set(), cursor);
          handedOut.push(address);
          cursor = address ?? null;
        }
        expect(new Set(handedOut)).toEqual(new Set(addressesOf(present)));
        expect(allocateAddress(present, new Set(), cursor)).toBe(handedOut[0]);
      },
    ),
  );
});

test.each([
  ["10.0.0.0/24", "10.0.0.2", "10.0.0.254", 253],
  ["10.0.0.0/29", "10.0.0.2", "10.0.0.6", 5],
  ["10.0.0.0/30", "10.0.0.2", "10.0.0.2", 1],
])("the pool of %s goes from %s to %s", (cidr, first, last, size) => {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) throw new TypeError(cidr);
  const present = poolOf(prefix);
  expect(addressesOf(present).at(0)).toBe(first);
  expect(addressesOf(present).at(-1)).toBe(last);
  expect(poolSize(present)).toBe(size);
});

test.each(["10.0.0.0/31", "10.0.0.0/32", "255.255.255.255/32", "0.0.0.0/32"])("%s has no pool", (cidr) => {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) throw new TypeError(cidr);
  expect(poolSize(poolOf(prefix))).toBe(0);
  expect(allocateAddress(poolOf(prefix), new Set(), null)).toBeUndefined();
});

test.each([
  ["10.0.0.0/24", "10.0.0.0", false],
  ["10.0.0.0/24", "10.0.0.1", true],
  ["10.0.0.0/24", "10.0.0.254", true],
  ["10.0.0.0/24", "10.0.0.255", false],
  ["10.0.0.0/24", "10.0.1.1", false],
  ["10.0.0.2/31", "10.0.0.2", true],
  ["10.0.0.2/31", "10.0.0.3", true],
  ["10.0.0.2/31", "10.0.0.4", false],
  ["10.0.0.2/31", "10.0.0.1", false],
])("a host of %s may have %s: %s", (cidr, text, expected) => {
  const [prefix, address] = [parseIpv4Prefix(cidr), parseIpv4(text)];
  if (!prefix || address === undefined) throw new TypeError(cidr);
  expect(isHostAddress(prefix, address)).toBe(expected);
});

test.each(["10.0.0.0/24", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.4/32"])(
  "every host of %s is in the pool or outside it",
  (cidr) => {
    const prefix = parseIpv4Prefix(cidr);
    if (!prefix) throw new TypeError(cidr);
    const hosts = addressesOf(prefix).filter((address) => isHostAddress(prefix, address));
    const parts = [...hostsOutsidePool(prefix), ...addressesOf(poolOf(prefix))];
    expect(parts).toEqual(hosts);
  },
);

test("a pool contains exactly its addresses", () => {
  fc.assert(
    fc.property(
      pool,
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.integer({ min: -2, max: 42 }),
      (present, far, near) => {
        const close = Math.min(Math.max(0, present.first + near), 2 ** 32 - 1);
        const inside = new Set(addressesOf(present));
        for (const value of [far, close]) {
          const address = ipv4FromNumber(value);
          expect(poolContains(present, address)).toBe(inside.has(address));
        }
      },
    ),
  );
});

test("windows cover a large pool once, and few of them do", () => {
  const prefix = parseIpv4Prefix("10.0.0.0/16");
  if (!prefix) throw new TypeError("no prefix");
  const windows = [...candidateWindows(poolOf(prefix), "10.0.7.9" as Ipv4)];
  const addresses = windows.flat();
  expect(new Set(addresses).size).toBe(poolSize(poolOf(prefix)));
  expect(addresses).toHaveLength(poolSize(poolOf(prefix)));
  expect(windows.length).toBeLessThan(70);
  expect(windows[0]).toHaveLength(16);
});
