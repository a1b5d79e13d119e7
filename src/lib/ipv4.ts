import { Address4 } from "ip-address";
import type { Brand } from "./brand.ts";
import type { Range } from "./prefix.ts";

/** A dotted IPv4 address in canonical form. */
export type Ipv4 = Brand<string, "Ipv4">;

/** An IPv4 network; host bits are zero. */
export interface Ipv4Prefix extends Range<number> {
  /** 0-32. */
  readonly length: number;
}

/** Returns the canonical address, or undefined for anything else (octal, short forms, prefixes, white space). */
export function parseIpv4(text: string): Ipv4 | undefined {
  if (text.includes("/") || !Address4.isValid(text)) return undefined;
  const canonical = new Address4(text).correctForm();
  return canonical === text ? (canonical as Ipv4) : undefined;
}

/** Returns the network, or undefined where the text is no CIDR, or has host bits set. */
export function parseIpv4Prefix(text: string): Ipv4Prefix | undefined {
  const match = /^([\d.]+)\/(\d|[12]\d|3[0-2])$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIpv4(match[1]);
  if (address === undefined || match?.[2] === undefined) return undefined;
  const length = Number(match[2]);
  const first = ipv4ToNumber(address);
  const size = 2 ** (32 - length);
  return first % size === 0 ? { first, last: first + size - 1, length } : undefined;
}

export function ipv4ToNumber(address: Ipv4): number {
  return address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
}

/** @param value 0 to 2^32-1 */
export function ipv4FromNumber(value: number): Ipv4 {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".") as Ipv4;
}

export function formatIpv4Prefix(prefix: Ipv4Prefix): string {
  return `${ipv4FromNumber(prefix.first)}/${prefix.length}`;
}
