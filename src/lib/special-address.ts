import { parseIpv4, parseIpv4Prefix, ipv4FromNumber, ipv4ToNumber, type Ipv4 } from "./ipv4.ts";
import { ipv6ToNumber, parseIpv6, parseIpv6Prefix, type Ipv6 } from "./ipv6.ts";
import { Address6 } from "ip-address";

/** IANA's registries of special-purpose addresses: nothing in them is a host of the public Internet. */
const special4: readonly (readonly [cidr: string, what: string])[] = [
  ["0.0.0.0/8", "unspecified"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "private"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "reserved"],
  ["192.88.99.0/24", "reserved"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "reserved"],
  ["198.51.100.0/24", "reserved"],
  ["203.0.113.0/24", "reserved"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
];

/** First what has a name of its own; whatever is then outside of 2000::/3 is not routed. */
const special6: readonly (readonly [cidr: string, what: string])[] = [
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "private"],
  ["ff00::/8", "multicast"],
  ["2001::/23", "reserved"],
  ["2001:db8::/32", "reserved"],
  // 6to4: an IPv4 address in disguise.
  ["2002::/16", "reserved"],
  ["3fff::/20", "reserved"],
];
const routed6 = "2000::/3";
/** Addresses that lead to the IPv4 address in their last 32 bits: mapped (RFC 4291) and NAT64 (RFC 6052). */
const carriers = ["::ffff:0:0/96", "64:ff9b::/96"];

/** A set of addresses of either family. */
export class AddressSet {
  readonly #ranges4: { readonly first: number; readonly last: number }[] = [];
  readonly #ranges6: { readonly first: bigint; readonly last: bigint }[] = [];

  /** @param networks addresses and CIDRs of either family; what is neither is left out */
  constructor(networks: Iterable<string>) {
    for (const text of networks) {
      const range4 = parseIpv4Prefix(text.includes("/") ? text : `${text}/32`);
      const range6 = parseIpv6Prefix(text.includes("/") ? text : `${text}/128`);
      if (range4) this.#ranges4.push(range4);
      else if (range6) this.#ranges6.push(range6);
    }
  }

  has(address: Ipv4 | Ipv6): boolean {
    const four = parseIpv4(address);
    if (four !== undefined) return this.#has4(ipv4ToNumber(four));
    const value = ipv6ToNumber(address as Ipv6);
    return this.#ranges6.some(({ first, last }) => first <= value && value <= last);
  }

  #has4(value: number): boolean {
    return this.#ranges4.some(({ first, last }) => first <= value && value <= last);
  }
}

/**
 * Returns the address that packets to `text` really go to: IPv4 addresses that are dressed as IPv6 are undressed.
 * @param text an address as a resolver or a URL gives it, without brackets
 * @returns undefined for whatever is no address, also for one with a zone
 */
export function plainAddress(text: string): Ipv4 | Ipv6 | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return four;
  if (!/^[\da-f:.]+$/i.test(text) || !Address6.isValid(text)) return undefined;
  const six = parseIpv6(new Address6(text).canonicalForm());
  if (six === undefined) return undefined;
  const value = ipv6ToNumber(six);
  return new AddressSet(carriers).has(six) ? ipv4FromNumber(Number(value & 0xffff_ffffn)) : six;
}

/**
 * Returns what keeps an address from being a host of the public Internet: `loopback`, `private`, `link-local`,
 * `multicast`, `unspecified`, `reserved`; undefined for one that is.
 * @param address as `plainAddress` returns it
 */
export function specialPurpose(address: Ipv4 | Ipv6): string | undefined {
  const isFour = parseIpv4(address) !== undefined;
  const found = (isFour ? special4 : special6).find(([cidr]) => new AddressSet([cidr]).has(address));
  if (found) return found[1];
  return isFour || new AddressSet([routed6]).has(address) ? undefined : "reserved";
}
