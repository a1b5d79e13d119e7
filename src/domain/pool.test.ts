import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4FromNumber, parseIpv4, parseIpv4Prefix, type Ipv4 } from "../lib/ipv4.ts";
import { ipv6FromNumber, parseIpv6Prefix, type Ipv6 } from "../lib/ipv6.ts";
import {
  candidateWindows,
  hostsOutsidePool,
  ipv4Numbering,
  ipv6Numbering,
  isHostAddress,
  pool6Of,
  poolContains,
  poolOf,
  poolSize,
  type Pool,
} from "./pool.ts";

type Ip = Ipv4 | Ipv6;

/** One family, seen as one: the properties are the same of both. */
interface Family {
  readonly name: string;
  readonly anyAddress: fc.Arbitrary<Ip>;
  /** A small pool anywhere, also at the ends of the address space. */
  readonly pool: fc.Arbitrary<Pool<Ip>>;
}

const length = fc.nat({ max: 40 });
const families: readonly Family[] = [
  {
    name: "IPv4",
    anyAddress: fc.nat({ max: 2 ** 32 - 1 }).map(ipv4FromNumber),
    pool: fc
      .tuple(fc.oneof(fc.nat({ max: 2 ** 32 - 41 }), fc.constant(0)), length)
      .map(([first, count]) => ({ first, last: first + count - 1, numbering: ipv4Numbering as never })),
  },
  {
    name: "IPv6",
    anyAddress: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(ipv6FromNumber),
    pool: fc
      .tuple(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }), fc.constant(2n ** 96n - 1n)), length)
      .map(([network, count]) => {
        const first = 2 ** 32 - 41;
        const numbering = ipv6Numbering({ first: network << 32n }) as never;
        return { first, last: first + count - 1, numbering };
      }),
  },
];

function addressesOf<Address extends Ip>({ first, last, numbering }: Pool<Address>): readonly Address[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    numbering.fromNumber(first + index),
  );
}

/** What an allocator does with the windows. */
function allocateAddress<Address extends Ip>(
  present: Pool<Address>,
  used: ReadonlySet<Address>,
  cursor: Address | null,
): Address | undefined {
  return [...candidateWindows(present, cursor)].flat().find((candidate) => !used.has(candidate));
}

describe.each(families)("of $name", ({ anyAddress, pool }) => {
  /** A pool, some used addresses (also strangers to the pool), and a cursor anywhere. */
  const situation = pool.chain((present) => {
    const inside = addressesOf(present);
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
        const { numbering } = present;
        const after = cursor === null ? -1 : numbering.toNumber(cursor);
        const all = addressesOf(present);
        const inOrder =
          after > present.last
            ? all
            : all.toSorted(
                (a, b) => Number(numbering.toNumber(a) <= after) - Number(numbering.toNumber(b) <= after),
              );
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
          const handedOut: (Ip | undefined)[] = [];
          let cursor: Ip | null = null;
          for (let turn = 0; turn < poolSize(present); turn += 1) {
            // Released at once: only the cursor keeps it from coming again.
            const address: Ip | undefined = allocateAddress(present, new Set(), cursor);
            handedOut.push(address);
            cursor = address ?? null;
          }
          expect(new Set(handedOut)).toEqual(new Set(addressesOf(present)));
          expect(allocateAddress(present, new Set(), cursor)).toBe(handedOut[0]);
        },
      ),
    );
  });

  test("a pool contains exactly its addresses", () => {
    fc.assert(
      fc.property(pool, anyAddress, fc.integer({ min: -2, max: 42 }), (present, far, near) => {
        const value = Math.min(Math.max(0, present.first + near), 2 ** 32 - 1);
        const inside = new Set(addressesOf(present));
        for (const address of [far, present.numbering.fromNumber(value)]) {
          expect(poolContains(present, address)).toBe(inside.has(address));
        }
      }),
    );
  });
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
    const hosts = addressesOf({ ...prefix, numbering: ipv4Numbering }).filter((address) =>
      isHostAddress(prefix, address),
    );
    const parts = [...hostsOutsidePool(prefix), ...addressesOf(poolOf(prefix))];
    expect(parts).toEqual(hosts);
  },
);

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

test.each([
  ["fd00:1::/64", "fd00:1::2", 2 ** 32 - 3],
  ["fd00:1::/125", "fd00:1::2", 5],
  ["fd00:1::4/126", "fd00:1::6", 1],
  ["fd00:1::/127", undefined, 0],
])("the pool of %s begins with %s, and has %i addresses", (cidr, first, count) => {
  const prefix = parseIpv6Prefix(cidr);
  if (!prefix) throw new TypeError(cidr);
  const present = pool6Of(prefix);
  expect(allocateAddress({ ...present, last: Math.min(present.last, 9) }, new Set(), null)).toBe(first);
  expect(poolSize(present)).toBe(count);
});
