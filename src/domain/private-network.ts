import { parseIpv4Prefix, prefixContains, type Ipv4Prefix } from "../lib/ipv4.ts";

/** RFC 1918, and the shared space of RFC 6598 that clouds hand out too. */
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Whether a network lies wholly in an address space that is nobody's own. */
export function isPrivateNetwork(network: Ipv4Prefix): boolean {
  return privateNetworks.some((text) => {
    const space = parseIpv4Prefix(text);
    return space !== undefined && prefixContains(space, network);
  });
}
