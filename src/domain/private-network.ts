import { parseIpv4Prefix, type Ipv4Prefix } from "../lib/ipv4.ts";
import { parseIpv6Prefix, type Ipv6Prefix } from "../lib/ipv6.ts";
import { prefixContains } from "../lib/prefix.ts";

/** RFC 1918, and the shared space of RFC 6598 that clouds hand out too. */
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Whether a network lies wholly in an address space that is nobody's own. */
export function isPrivateNetwork(network: Ipv4Prefix): boolean {
  return privateNetworks.some((text) => {
    const space = parseIpv4Prefix(text);
    return space !== undefined && prefixContains(space, network);
  });
}

/** RFC 4193. */
export const localNetwork6 = "fc00::/7";
/** RFC 4291: all that is routed in the world. */
export const globalNetwork6 = "2000::/3";

/** Whether a network lies wholly in one of the IPv6 address spaces. */
export function liesWithin6(network: Ipv6Prefix, ...spaces: readonly string[]): boolean {
  return spaces.some((text) => {
    const space = parseIpv6Prefix(text);
    return space !== undefined && prefixContains(space, network);
  });
}
