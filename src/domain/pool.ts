import { ipv4FromNumber, ipv4ToNumber, type Ipv4, type Ipv4Prefix } from "../lib/ipv4.ts";
import { ipv6FromNumber, ipv6ToNumber, type Ipv6, type Ipv6Prefix } from "../lib/ipv6.ts";

/** Addresses at either end of a subnet that no endpoint gets: network, router and broadcast. */
const reservedAtStart = 2;
const reservedAtEnd = 1;

/** Numbers for the addresses of a pool, in their order; those of other addresses are outside it. */
export interface Numbering<Address extends string> {
  toNumber(address: Address): number;
  fromNumber(value: number): Address;
}

/** The addresses of a subnet that endpoints may get. */
export interface Pool<Address extends string = Ipv4> {
  readonly first: number;
  readonly last: number;
  readonly numbering: Numbering<Address>;
}

export const ipv4Numbering: Numbering<Ipv4> = { toNumber: ipv4ToNumber, fromNumber: ipv4FromNumber };

/** Numbers IPv6 addresses by their distance from the network's first one. */
export function ipv6Numbering({ first }: Pick<Ipv6Prefix, "first">): Numbering<Ipv6> {
  return {
    toNumber: (address) => Number(ipv6ToNumber(address) - first),
    fromNumber: (value) => ipv6FromNumber(first + BigInt(value)),
  };
}

/** Returns the endpoint pool of a subnet; empty (last < first) for prefixes longer than /30. */
export function poolOf(subnet: Ipv4Prefix): Pool {
  const { first, last } = subnet;
  return { first: first + reservedAtStart, last: last - reservedAtEnd, numbering: ipv4Numbering };
}

/** Addresses of an IPv6 subnet that a pool is taken from: the first of them, far more than there will be endpoints. */
const largestPool6 = 2n ** 32n;

/** Returns the IPv6 endpoint pool of a subnet; empty (last < first) for prefixes longer than /126. */
export function pool6Of(subnet: Ipv6Prefix): Pool<Ipv6> {
  const size = subnet.last - subnet.first + 1n;
  const used = Number(size < largestPool6 ? size : largestPool6);
  return { first: reservedAtStart, last: used - 1 - reservedAtEnd, numbering: ipv6Numbering(subnet) };
}

export function poolSize(pool: Pick<Pool, "first" | "last">): number {
  return Math.max(0, pool.last - pool.first + 1);
}

/**
 * Whether a host of the subnet may have the address: any but the network's and the broadcast address. That is more
 * than the endpoint pool: an address that an endpoint has elsewhere already is taken over as it is.
 */
export function isHostAddress(subnet: Ipv4Prefix, address: Ipv4): boolean {
  const value = ipv4ToNumber(address);
  const isShort = subnet.length >= 31;
  return isShort
    ? value >= subnet.first && value <= subnet.last
    : value > subnet.first && value < subnet.last;
}

/** Returns the addresses that hosts of the subnet may have and the pool does not hold: at most two. */
export function hostsOutsidePool(subnet: Ipv4Prefix): readonly Ipv4[] {
  const pool = poolOf(subnet);
  return [subnet.first, subnet.first + 1]
    .filter((value) => value <= subnet.last)
    .map(ipv4FromNumber)
    .filter((address) => isHostAddress(subnet, address) && !poolContains(pool, address));
}

export function poolContains<Address extends string>(pool: Pool<Address>, address: Address): boolean {
  const value = pool.numbering.toNumber(address);
  return value >= pool.first && value <= pool.last;
}

/** Addresses looked at together: few at first, as the next one is nearly always free; later many at once. */
const firstWindow = 16;
const largestWindow = 1_024;

/**
 * Returns every address of the pool in the order in which it is to be tried, in windows: from the one after
 * `cursor`, going round. So an address that was just released is the last to be handed out again, and a client
 * with an old address does not meet a stranger.
 * @param cursor the address that was handed out last, or null
 */
export function* candidateWindows<Address extends string>(
  pool: Pool<Address>,
  cursor: Address | null,
): Generator<readonly Address[]> {
  const { numbering } = pool;
  const size = poolSize(pool);
  const after = cursor === null ? pool.first : numbering.toNumber(cursor) + 1;
  const start = after < pool.first || after > pool.last ? 0 : after - pool.first;
  let length = firstWindow;
  for (let step = 0; step < size; step += length, length = Math.min(length * 4, largestWindow)) {
    yield Array.from({ length: Math.min(length, size - step) }, (_, index) =>
      numbering.fromNumber(pool.first + ((start + step + index) % size)),
    );
  }
}
