import { ipv4FromNumber, ipv4ToNumber, type Ipv4, type Ipv4Prefix } from "../lib/ipv4.ts";

/** Addresses at either end of a subnet that no endpoint gets: network, router and broadcast. */
const reservedAtStart = 2;
const reservedAtEnd = 1;

/** The addresses of a subnet that endpoints may get. */
export interface Pool {
  readonly first: number;
  readonly last: number;
}

/** Returns the endpoint pool of a subnet; empty (last < first) for prefixes longer than /30. */
export function poolOf(subnet: Ipv4Prefix): Pool {
  return { first: subnet.first + reservedAtStart, last: subnet.last - reservedAtEnd };
}

export function poolSize(pool: Pool): number {
  return Math.max(0, pool.last - pool.first + 1);
}

export function poolContains(pool: Pool, address: Ipv4): boolean {
  const value = ipv4ToNumber(address);
  return value >= pool.first && value <= pool.last;
}

/**
 * Picks the next free address after `cursor`, going round: an address that was just released is the last to be
 * handed out again, so that a client with an old address does not meet a stranger.
 * @param used every address of the subnet that is taken
 * @param cursor the address that was handed out last, or null
 * @returns undefined where the pool is exhausted
 */
export function allocateAddress(pool: Pool, used: ReadonlySet<Ipv4>, cursor: Ipv4 | null): Ipv4 | undefined {
  const size = poolSize(pool);
  const after = cursor === null ? pool.first : ipv4ToNumber(cursor) + 1;
  const start = after < pool.first || after > pool.last ? pool.first : after;
  // At most used.size addresses can be in the way, so the search is bounded by it, not by the pool.
  const attempts = Math.min(size, used.size + 1);
  for (let step = 0; step < attempts; step += 1) {
    const candidate = ipv4FromNumber(pool.first + ((start - pool.first + step) % size));
    if (!used.has(candidate)) return candidate;
  }
  return undefined;
}
