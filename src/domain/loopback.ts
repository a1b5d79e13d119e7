import { formatIpv4Prefix, parseIpv4Prefix, type Ipv4Prefix } from "../lib/ipv4.ts";
import { prefixContains, prefixesOverlap } from "../lib/prefix.ts";

/** Prefix length of a loopback network that nobody asked a special size for: 4,093 endpoints. */
const defaultLength = 20;
const size = 2 ** (32 - defaultLength);

const loopback = prefix("127.0.0.0/8");
/** Other programs live here: 127.0.0.1, and the resolvers of Debian and systemd. */
const commonlyUsed = prefix("127.0.0.0/16");
/** Where default networks are taken from. */
const defaults = prefix("127.64.0.0/10");

/** Whether a VPC on the loopback attachment may have this network. */
export function isLoopbackNetwork(network: Ipv4Prefix): boolean {
  return prefixContains(loopback, network) && !prefixesOverlap(commonlyUsed, network);
}

/**
 * Returns a free /20 for a loopback VPC, or undefined where there is none.
 * @param taken the networks of every loopback VPC: they share one host, so they must not overlap
 * @param start 0 to 1: where to begin to look. Random, so that two installations on one host seldom meet
 */
export function freeLoopbackNetwork(taken: readonly Ipv4Prefix[], start: number): string | undefined {
  const count = (defaults.last - defaults.first + 1) / size;
  for (let step = 0; step < count; step += 1) {
    const index = (Math.floor(start * count) + step) % count;
    const first = defaults.first + index * size;
    const candidate = { first, last: first + size - 1, length: defaultLength };
    if (!taken.some((network) => prefixesOverlap(network, candidate))) return formatIpv4Prefix(candidate);
  }
  return undefined;
}

function prefix(text: string): Ipv4Prefix {
  const parsed = parseIpv4Prefix(text);
  if (!parsed) throw new TypeError(`${text} is no network`);
  return parsed;
}
