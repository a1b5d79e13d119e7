import { isIPv6 } from "node:net";
import { Address6 } from "ip-address";
import type { Brand } from "./brand.ts";
import type { Range } from "./prefix.ts";

/** An IPv6 address in canonical form (RFC 5952). */
export type Ipv6 = Brand<string, "Ipv6">;

/** An IPv6 network; host bits are zero. */
export interface Ipv6Prefix extends Range<bigint> {
  /** 0-128. */
  readonly length: number;
}

/** Returns the canonical address, or undefined for anything else (zones, dotted parts, prefixes, white space). */
export function parseIpv6(text: string): Ipv6 | undefined {
  return isIPv6(text) && /^[\da-f:]+$/i.test(text) ? ipv6FromNumber(new Address6(text).bigInt()) : undefined;
}

/** Returns the network, or undefined where the text is no CIDR, or has host bits set. */
export function parseIpv6Prefix(text: string): Ipv6Prefix | undefined {
  const match = /^([\da-f:]+)\/(\d|[1-9]\d|1[01]\d|12[0-8])$/i.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIpv6(match[1]);
  if (address === undefined || match?.[2] === undefined) return undefined;
  const length = Number(match[2]);
  const first = ipv6ToNumber(address);
  const size = 1n << BigInt(128 - length);
  return first % size === 0n ? { first, last: first + size - 1n, length } : undefined;
}

export function ipv6ToNumber(address: Ipv6): bigint {
  return new Address6(address).bigInt();
}

/** @param value 0 to 2^128-1 */
export function ipv6FromNumber(value: bigint): Ipv6 {
  return Address6.fromBigInt(value).correctForm() as Ipv6;
}

export function formatIpv6Prefix(prefix: Ipv6Prefix): string {
  return `${ipv6FromNumber(prefix.first)}/${prefix.length}`;
}
