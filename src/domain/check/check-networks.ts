import { parseIpv4, parseIpv4Prefix, type Ipv4, type Ipv4Prefix } from "../../lib/ipv4.ts";
import { parseIpv6, parseIpv6Prefix } from "../../lib/ipv6.ts";
import { prefixContains, prefixesOverlap } from "../../lib/prefix.ts";
import { isDeviceName, isNamespaceName } from "../attachment.ts";
import { isHostAddress, pool6Of, poolContains, poolOf } from "../pool.ts";
import { quarantineMs } from "../quarantine.ts";
import type { Finding } from "./finding.ts";
import type { Tables } from "./forms.ts";
import { duplicates } from "./duplicates.ts";

type Subnet = Tables["subnet"][number];
type Endpoint = Tables["endpoint"][number];

/** Numbers and places of networks are their own. */
export function checkVpcs({ vpc }: Tables): readonly Finding[] {
  const next = "Restore a backup from before this, or delete one of the networks.";
  const onHost = vpc.filter(({ attachmentName }) => attachmentName !== null);
  return [
    ...duplicates(vpc, ({ number }) => String(number)).map(({ id, number }) => ({
      where: `vpc/${id}`,
      what: `Another network has its number ${number} too.`,
      next,
    })),
    ...duplicates(onHost, ({ attachment, attachmentName }) => `${attachment} ${attachmentName}`).map(
      ({ id, attachmentName }) => ({
        where: `vpc/${id}`,
        what: `Another network is ${attachmentName} of the gateway's host too.`,
        next: "Attach one of them elsewhere with: postern vpc attach",
      }),
    ),
    ...vpc
      .filter((one) => !isAttachable(one))
      .map(({ id, attachment }) => ({
        where: `vpc/${id}`,
        what: `Its attachment ${attachment} and the name on the gateway's host do not fit together.`,
        next: "Attach it anew with: postern vpc attach",
      })),
  ];
}

function isAttachable({ attachment, attachmentName: name }: Tables["vpc"][number]): boolean {
  if (attachment === "interface") return name !== null && isDeviceName(name);
  if (attachment === "netns") return name !== null && isNamespaceName(name);
  return name === null;
}

/** Subnets lie in their network and beside each other, and the cursors of their pools inside these. */
export function checkSubnets({ vpc, subnet }: Tables): readonly Finding[] {
  const vpcs = new Map(vpc.map((one) => [one.id, one]));
  const next = "Restore a backup from before this, or make the network anew.";
  const findings: Finding[] = [];
  for (const [vpcId, siblings] of Map.groupBy(subnet, (one) => one.vpcId)) {
    const network = vpcs.get(vpcId);
    for (const [index, one] of siblings.entries()) {
      const where = `subnet/${one.id}`;
      const prefix = parseIpv4Prefix(one.cidr);
      const outer = network && parseIpv4Prefix(network.cidr);
      if (!prefix || !outer) continue;
      if (!prefixContains(outer, prefix)) {
        findings.push({
          where,
          what: `Its ${one.cidr} does not lie in its network's ${network.cidr}.`,
          next,
        });
      }
      const overlapping = siblings.slice(0, index).find((other) => overlaps(prefix, other));
      if (overlapping) {
        findings.push({ where, what: `Its ${one.cidr} overlaps subnet ${overlapping.id}'s.`, next });
      }
      if (!areCursorsInside(one, prefix)) {
        findings.push({ where, what: "The place in its pool lies outside of it.", next });
      }
    }
  }
  return findings;
}

function overlaps(prefix: Ipv4Prefix, other: Subnet): boolean {
  const others = parseIpv4Prefix(other.cidr);
  return others !== undefined && prefixesOverlap(prefix, others);
}

function areCursorsInside({ cidr6, poolCursor, pool6Cursor }: Subnet, prefix: Ipv4Prefix): boolean {
  const cursor = poolCursor === null ? undefined : parseIpv4(poolCursor);
  if (cursor !== undefined && !poolContains(poolOf(prefix), cursor)) return false;
  const cursor6 = pool6Cursor === null ? undefined : parseIpv6(pool6Cursor);
  if (cursor6 === undefined) return true;
  const prefix6 = cidr6 === null ? undefined : parseIpv6Prefix(cidr6);
  return prefix6 !== undefined && poolContains(pool6Of(prefix6), cursor6);
}

/** Every address lies in its subnet and is one endpoint's, or one name server's, in its network. */
export function checkAddresses({ vpc, subnet, endpoint }: Tables): readonly Finding[] {
  const subnets = new Map(subnet.map((one) => [one.id, one]));
  const attachments = new Map(vpc.map(({ id, attachment }) => [id, attachment]));
  // Loopback networks share the host's addresses.
  const space = (vpcId: string): string => (attachments.get(vpcId) === "loopback" ? "loopback" : vpcId);
  const outside = endpoint.filter((one) => !isInside(one, subnets.get(one.subnetId)));
  const used = [
    ...endpoint.flatMap(({ id, vpcId, address, address6 }) =>
      [address, address6].map((taken) => ({ where: `endpoint/${id}`, vpcId, taken })),
    ),
    ...vpc.map(({ id, dnsAddress }) => ({ where: `vpc/${id}`, vpcId: id, taken: dnsAddress })),
  ].filter(({ taken }) => taken !== null);
  const next = "Delete the endpoint, and let its consumer make another: postern endpoint delete";
  return [
    ...outside.map(({ id, address }) => ({
      where: `endpoint/${id}`,
      what: `Its address ${address}, or its second one, does not lie in its subnet, or the subnet is not of its network.`,
      next,
    })),
    ...duplicates(used, ({ vpcId, taken }) => `${space(vpcId)} ${taken}`).map(({ where, taken }) => ({
      where,
      what: `Its address ${taken} is another endpoint's, or the name server's, in the same network too.`,
      next,
    })),
  ];
}

function isInside({ vpcId, address, address6 }: Endpoint, subnet: Subnet | undefined): boolean {
  // A subnet that is missing is told of by its reference.
  if (!subnet) return true;
  const prefix = parseIpv4Prefix(subnet.cidr);
  if (subnet.vpcId !== vpcId || !prefix || !isHostAddress(prefix, address as Ipv4)) return false;
  const second = address6 === null ? undefined : parseIpv6(address6);
  if (second === undefined) return true;
  const prefix6 = subnet.cidr6 === null ? undefined : parseIpv6Prefix(subnet.cidr6);
  return prefix6 !== undefined && poolContains(pool6Of(prefix6), second);
}

/** No address is released while it is used, and none went to another project before its rest was over. */
export function checkReleased({ endpoint, releasedAddress }: Tables): readonly Finding[] {
  const released = new Map(releasedAddress.map((one) => [`${one.subnetId} ${one.address}`, one]));
  return endpoint.flatMap((one) =>
    [one.address, one.address6].flatMap((address) => {
      const before = released.get(`${one.subnetId} ${address}`);
      if (!before) return [];
      const restedMs = one.createdAt - before.releasedAt;
      if (restedMs >= 0 && (before.projectId === one.projectId || restedMs >= quarantineMs)) return [];
      return {
        where: `endpoint/${one.id}`,
        what: `Its address ${address} is recorded as released ${restedMs < 0 ? "while it has it" : "by another project a moment before"}.`,
        next: "Delete the endpoint, and let its consumer make another: postern endpoint delete",
      };
    }),
  );
}
