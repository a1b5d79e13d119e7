import { vpcNumberLimit, type Attachment } from "../../domain/attachment.ts";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type ProjectId, type SubnetId, type VpcId } from "../../domain/ids.ts";
import { freeLoopbackNetwork, isLoopbackNetwork } from "../../domain/loopback.ts";
import { isPrivateNetwork } from "../../domain/private-network.ts";
import type { Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix } from "../../lib/ipv4.ts";
import { formatIpv6Prefix, parseIpv6Prefix } from "../../lib/ipv6.ts";
import { prefixContains, prefixesOverlap, type Range } from "../../lib/prefix.ts";
import { requireFreeOnHost } from "./attachments.ts";
import { requireNetwork6, requirePrefix, requirePrefix6 } from "./read-network.ts";

export interface VpcWish {
  readonly name: string;
  /** The next free network without it, on loopback. */
  readonly cidr?: string;
  /** IPv4 only without it. */
  readonly cidr6?: string;
  readonly attachment?: Attachment;
  /** One subnet over the whole VPC without it. */
  readonly subnets?: readonly { readonly name: string; readonly cidr: string; readonly cidr6?: string }[];
}

/**
 * Adds a VPC with its subnets; on loopback where the wish does not say otherwise.
 * @throws PosternError missing_parameter, bad_parameter, out_of_range, already_in_use, quota_exceeded
 */
export async function insertVpc(
  tx: Repositories,
  projectId: ProjectId,
  wish: VpcWish,
  now: number,
): Promise<{ readonly vpc: Vpc; readonly subnets: readonly Subnet[] }> {
  if (await tx.networks.vpcByName(projectId, wish.name)) {
    throw new PosternError("already_in_use", `A VPC named ${wish.name} exists already.`);
  }
  const attachment = wish.attachment ?? { kind: "loopback" };
  const isLoopback = attachment.kind === "loopback";
  const network = isLoopback ? await loopbackNetwork(tx, wish.cidr) : privateNetwork(wish.cidr);
  const network6 = wish.cidr6 === undefined ? null : await requireNetwork6(tx, wish.cidr6, isLoopback);
  await requireFreeOnHost(tx, attachment);
  const id = newUuid<VpcId>();
  const number = await takeVpcNumber(tx);
  const addresses = { cidr: network, cidr6: network6 };
  const vpc: Vpc = {
    id,
    projectId,
    name: wish.name,
    ...addresses,
    attachment,
    number,
    dnsAddress: null,
    createdAt: now,
  };
  const whole = { name: "default", cidr: network, ...(network6 === null ? {} : { cidr6: network6 }) };
  const subnets = (wish.subnets ?? [whole]).map((subnet) => ({
    ...subnet,
    cidr6: subnet.cidr6 === undefined ? null : formatIpv6Prefix(requirePrefix6(subnet.cidr6)),
    id: newUuid<SubnetId>(),
    vpcId: id,
    projectId,
    poolCursor: null,
    pool6Cursor: null,
    createdAt: now,
  }));
  checkSubnets(vpc, subnets);
  await tx.networks.insertVpc(vpc);
  for (const subnet of subnets) await tx.networks.insertSubnet(subnet);
  return { vpc, subnets };
}

/** Returns the number of a new VPC. @throws PosternError quota_exceeded */
export async function takeVpcNumber(tx: Repositories): Promise<number> {
  const number = await tx.networks.nextVpcNumber();
  if (number <= vpcNumberLimit) return number;
  throw new PosternError(
    "quota_exceeded",
    `This installation has ${vpcNumberLimit} VPCs already. Delete one that nobody uses.`,
  );
}

/** Networks that are not on loopback may overlap each other: the gateways keep them apart. */
function privateNetwork(wanted: string | undefined): string {
  if (wanted === undefined) {
    throw new PosternError(
      "missing_parameter",
      "Only a loopback network gets addresses by itself; those of any other are given elsewhere. Say which with cidr.",
      "cidr",
    );
  }
  if (isPrivateNetwork(requirePrefix(wanted))) return wanted;
  throw new PosternError(
    "out_of_range",
    `${wanted} is no private network. Take one inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10.`,
  );
}

async function loopbackNetwork(tx: Repositories, wanted: string | undefined): Promise<string> {
  const taken = (await tx.networks.loopbackVpcs()).map((vpc) => requirePrefix(vpc.cidr));
  if (wanted === undefined) {
    const free = freeLoopbackNetwork(taken, Math.random());
    if (free !== undefined) return free;
    throw new PosternError("pool_exhausted", "There is no free loopback network left. Delete a VPC.");
  }
  const network = requirePrefix(wanted);
  if (!isLoopbackNetwork(network)) {
    throw new PosternError("out_of_range", `${wanted} is not inside 127.0.0.0/8, or meets 127.0.0.0/16.`);
  }
  if (taken.some((other) => prefixesOverlap(other, network))) {
    throw new PosternError("already_in_use", `${wanted} overlaps another VPC on the loopback of this host.`);
  }
  return wanted;
}

function checkSubnets(vpc: Vpc, subnets: readonly Subnet[]): void {
  for (const [index, { name }] of subnets.entries()) {
    if (subnets.slice(0, index).some((other) => other.name === name)) {
      throw new PosternError("already_in_use", `Two subnets are named ${name}.`);
    }
  }
  checkNetworks(parseIpv4Prefix(vpc.cidr), subnets, ({ cidr }) => requirePrefix(cidr));
  checkNetworks(parseIpv6Prefix(vpc.cidr6 ?? ""), subnets, ({ cidr6 }) => parseIpv6Prefix(cidr6 ?? ""));
}

/** Checks the subnets' networks of one family. @param prefixOf undefined for a subnet without addresses of it */
function checkNetworks<Value extends number | bigint>(
  network: Range<Value> | undefined,
  subnets: readonly Subnet[],
  prefixOf: (subnet: Subnet) => Range<Value> | undefined,
): void {
  const checked: Range<Value>[] = [];
  for (const subnet of subnets) {
    const prefix = prefixOf(subnet);
    if (!prefix) continue;
    if (!network || !prefixContains(network, prefix)) {
      throw new PosternError("out_of_range", `Subnet ${subnet.name} is not inside the VPC's network.`);
    }
    if (checked.some((other) => prefixesOverlap(other, prefix))) {
      throw new PosternError("already_in_use", `Subnet ${subnet.name} overlaps another subnet of the VPC.`);
    }
    checked.push(prefix);
  }
}
