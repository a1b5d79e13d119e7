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

export function poolContains(pool: Pool, address: Ipv4): boolean {
  const value = ipv4ToNumber(address);
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
export function* candidateWindows(pool: Pool, cursor: Ipv4 | null): Generator<readonly Ipv4[]> {
  const size = poolSize(pool);
  const after = cursor === null ? pool.first : ipv4ToNumber(cursor) + 1;
  const start = after < pool.first || after > pool.last ? 0 : after - pool.first;
  let length = firstWindow;
  for (let step = 0; step < size; step += length, length = Math.min(length * 4, largestWindow)) {
    yield Array.from({ length: Math.min(length, size - step) }, (_, index) =>
      ipv4FromNumber(pool.first + ((start + step + index) % size)),
    );
  }
}
