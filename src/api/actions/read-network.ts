import { PosternError } from "../../domain/errors.ts";
import { globalNetwork6, liesWithin6, localNetwork6 } from "../../domain/private-network.ts";
import type { Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix, type Ipv4Prefix } from "../../lib/ipv4.ts";
import { formatIpv6Prefix, parseIpv6Prefix, type Ipv6Prefix } from "../../lib/ipv6.ts";
import { prefixesOverlap } from "../../lib/prefix.ts";

/** @throws PosternError bad_parameter */
export function requirePrefix(text: string): Ipv4Prefix {
  const prefix = parseIpv4Prefix(text);
  if (prefix) return prefix;
  throw new PosternError("bad_parameter", `"${text}" is no IPv4 network. Write it like 127.80.0.0/20.`);
}

/** @throws PosternError bad_parameter */
export function requirePrefix6(text: string): Ipv6Prefix {
  const prefix = parseIpv6Prefix(text);
  if (prefix) return prefix;
  throw new PosternError("bad_parameter", `"${text}" is no IPv6 network. Write it like fd00:1::/64.`);
}

/** Longer ones have no address for an endpoint. */
const longest6 = 126;

/**
 * Returns a VPC's IPv6 network in canonical form. Those on loopback share a host, so they must not overlap; others may.
 * @throws PosternError bad_parameter, out_of_range, already_in_use
 */
export async function requireNetwork6(
  tx: Repositories,
  wanted: string,
  isLoopback: boolean,
): Promise<string> {
  const network = requirePrefix6(wanted);
  const spaces = isLoopback ? [localNetwork6] : [localNetwork6, globalNetwork6];
  if (network.length > longest6 || !liesWithin6(network, ...spaces)) {
    throw new PosternError(
      "out_of_range",
      `${wanted} cannot be ${isLoopback ? "a network on loopback" : "a VPC's network"}. ` +
        `Take one of /${longest6} or shorter inside ${spaces.join(" or ")}.`,
    );
  }
  const others = isLoopback ? await tx.networks.loopbackVpcs() : [];
  const doesMeet = ({ cidr6 }: Vpc): boolean =>
    cidr6 !== null && prefixesOverlap(requirePrefix6(cidr6), network);
  if (others.some(doesMeet)) {
    throw new PosternError("already_in_use", `${wanted} overlaps another VPC on the loopback of this host.`);
  }
  return formatIpv6Prefix(network);
}

/**
 * Gives a VPC that has IPv4 only an IPv6 network, and its one subnet the whole of it.
 * @throws PosternError state_forbids, and as {@link requireNetwork6}
 */
export async function addNetwork6(tx: Repositories, vpc: Vpc, wanted: string): Promise<void> {
  if (vpc.cidr6 === formatIpv6Prefix(requirePrefix6(wanted))) return;
  if (vpc.cidr6 !== null) {
    throw new PosternError(
      "state_forbids",
      `VPC ${vpc.name} has the IPv6 network ${vpc.cidr6}, which stays its own. Create another VPC.`,
    );
  }
  const [subnet, ...others] = await tx.networks.subnets(vpc.id);
  if (!subnet || others.length > 0) {
    throw new PosternError(
      "state_forbids",
      `VPC ${vpc.name} has several subnets, so ${wanted} cannot be given to one. Create another VPC, with cidr6 for each.`,
    );
  }
  const network = await requireNetwork6(tx, wanted, vpc.attachment.kind === "loopback");
  await tx.networks.setCidr6(vpc.id, subnet.id, network);
}
