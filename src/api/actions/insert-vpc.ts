import { vpcNumberLimit, type Attachment } from "../../domain/attachment.ts";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type ProjectId, type SubnetId, type VpcId } from "../../domain/ids.ts";
import { freeLoopbackNetwork, isLoopbackNetwork } from "../../domain/loopback.ts";
import { isPrivateNetwork } from "../../domain/private-network.ts";
import type { Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix, prefixContains, prefixesOverlap, type Ipv4Prefix } from "../../lib/ipv4.ts";
import { requireFreeOnHost } from "./attachments.ts";

export interface VpcWish {
  readonly name: string;
  /** The next free network without it, on loopback. */
  readonly cidr?: string;
  readonly attachment?: Attachment;
  /** One subnet over the whole VPC without it. */
  readonly subnets?: readonly { readonly name: string; readonly cidr: string }[];
}

/**
 * Adds a VPC with its subnets; on loopback where the wish does not say otherwise.
 * @throws PosternError missing_parameter, out_of_range, already_in_use, quota_exceeded
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
  await requireFreeOnHost(tx, attachment);
  const id = newUuid<VpcId>();
  const number = await takeVpcNumber(tx);
  const vpc: Vpc = { id, projectId, name: wish.name, cidr: network, attachment, number, createdAt: now };
  const subnets = (wish.subnets ?? [{ name: "default", cidr: network }]).map((subnet) => ({
    ...subnet,
    id: newUuid<SubnetId>(),
    vpcId: id,
    projectId,
    poolCursor: null,
    createdAt: now,
  }));
  checkSubnets(requirePrefix(network), subnets);
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

function checkSubnets(network: Ipv4Prefix, subnets: readonly Subnet[]): void {
  const prefixes = subnets.map((subnet) => requirePrefix(subnet.cidr));
  for (const [index, prefix] of prefixes.entries()) {
    const name = subnets[index]?.name ?? "";
    if (!prefixContains(network, prefix)) {
      throw new PosternError("out_of_range", `Subnet ${name} is not inside the VPC's network.`);
    }
    if (prefixes.slice(0, index).some((other) => prefixesOverlap(other, prefix))) {
      throw new PosternError("already_in_use", `Subnet ${name} overlaps another subnet of the VPC.`);
    }
    if (subnets.slice(0, index).some((other) => other.name === name)) {
      throw new PosternError("already_in_use", `Two subnets are named ${name}.`);
    }
  }
}

/** @throws PosternError bad_parameter */
export function requirePrefix(text: string): Ipv4Prefix {
  const prefix = parseIpv4Prefix(text);
  if (prefix) return prefix;
  throw new PosternError("bad_parameter", `"${text}" is no IPv4 network. Write it like 127.80.0.0/20.`);
}
