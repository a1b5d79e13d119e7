import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type SubnetId, type VpcId } from "../../domain/ids.ts";
import { freeLoopbackNetwork, isLoopbackNetwork } from "../../domain/loopback.ts";
import { hostsOutsidePool } from "../../domain/pool.ts";
import { isPrivateNetwork } from "../../domain/private-network.ts";
import type { ProjectId } from "../../domain/ids.ts";
import type { Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix, prefixContains, prefixesOverlap, type Ipv4Prefix } from "../../lib/ipv4.ts";
import { commit } from "../actions/commit.ts";
import { requireVpc } from "../actions/find.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams, stringEnum } from "../schema.ts";
import { renderVpc, type SubnetUse } from "./render.ts";

const resourceName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const cidr = Type.String({ minLength: 9, maxLength: 18 });

const vpcBody = Type.Object({
  name: resourceName,
  /** The next free network without it, on loopback. */
  cidr: Type.Optional(cidr),
  attachment: Type.Optional(Type.Object({ kind: stringEnum(["loopback", "none"]) })),
  /** One subnet over the whole VPC without it. */
  subnets: Type.Optional(
    Type.Array(Type.Object({ name: resourceName, cidr }), { minItems: 1, maxItems: 100 }),
  ),
});

type VpcBody = Type.Static<typeof vpcBody>;

export const createVpc = defineOperation({
  id: "CreateVpc",
  method: "POST",
  path: "/postern/v1/:project_id/vpcs",
  action: "postern:vpc:create",
  schemas: { params: projectParams, body: vpcBody },
  async handle(request, context) {
    const { body: wish, principal } = request;
    const { result, headers } = await commit(context, request, "createVpc", `vpc/${wish.name}`, (tx) =>
      insertVpc(tx, principal.projectId, wish, context.clock.now()),
    );
    const body = renderVpc(
      result.vpc,
      result.subnets.map((subnet) => ({ subnet, used: 0, usedOutsidePool: 0 })),
    );
    return { headers: { ...headers, etag: contentEtag(body) }, body };
  },
});

/**
 * Adds a VPC with its subnets; on loopback where the wish does not say otherwise.
 * @throws PosternError missing_parameter, out_of_range, already_in_use
 */
export async function insertVpc(
  tx: Repositories,
  projectId: ProjectId,
  wish: VpcBody,
  now: number,
): Promise<{ readonly vpc: Vpc; readonly subnets: readonly Subnet[] }> {
  if (await tx.networks.vpcByName(projectId, wish.name)) {
    throw new PosternError("already_in_use", `A VPC named ${wish.name} exists already.`);
  }
  const attachment = wish.attachment?.kind ?? "loopback";
  const network = attachment === "none" ? unattachedNetwork(wish.cidr) : await loopbackNetwork(tx, wish.cidr);
  const id = newUuid<VpcId>();
  const vpc: Vpc = { id, projectId, name: wish.name, cidr: network, attachment, createdAt: now };
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

/** Networks without an attachment may overlap each other: nothing of them is on this host. */
function unattachedNetwork(wanted: string | undefined): string {
  if (wanted === undefined) {
    throw new PosternError(
      "missing_parameter",
      "A network without an attachment has addresses that are given elsewhere. Say which with cidr.",
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

function requirePrefix(text: string): Ipv4Prefix {
  const prefix = parseIpv4Prefix(text);
  if (prefix) return prefix;
  throw new PosternError("bad_parameter", `"${text}" is no IPv4 network. Write it like 127.80.0.0/20.`);
}

export const listVpcs = defineOperation({
  id: "ListVpcs",
  method: "GET",
  path: "/postern/v1/:project_id/vpcs",
  action: "postern:vpc:list",
  schemas: { params: projectParams, query: pageQuery },
  async handle({ principal, query }, context) {
    return context.store.read(async (tx) => {
      const { items, total } = await tx.networks.vpcs(principal.projectId, readPage(query));
      const vpcs: object[] = [];
      for (const vpc of items) vpcs.push(renderVpc(vpc, await subnetUse(tx, vpc)));
      return { body: { vpcs, total_count: total } };
    });
  },
});

export const showVpc = defineOperation({
  id: "ShowVpc",
  method: "GET",
  path: "/postern/v1/:project_id/vpcs/:id",
  action: "postern:vpc:get",
  schemas: { params: resourceParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const vpc = await requireVpc(tx, principal, params.id);
      const body = renderVpc(vpc, await subnetUse(tx, vpc));
      return { headers: { etag: contentEtag(body) }, body };
    });
  },
});

export const deleteVpc = defineOperation({
  id: "DeleteVpc",
  method: "DELETE",
  path: "/postern/v1/:project_id/vpcs/:id",
  action: "postern:vpc:delete",
  schemas: { params: resourceParams },
  async handle(request, context) {
    const { id } = request.params;
    const { headers } = await commit(context, request, "deleteVpc", `vpc/${id}`, async (tx) => {
      const vpc = await requireVpc(tx, request.principal, id);
      checkIfMatch(request.ifMatch, contentEtag(renderVpc(vpc, await subnetUse(tx, vpc))));
      if (await tx.networks.isVpcInUse(vpc.id)) {
        throw new PosternError(
          "already_in_use",
          `VPC ${vpc.name} still has endpoints or is the home of a cluster. Remove those first.`,
        );
      }
      await tx.networks.deleteVpc(vpc.id);
    });
    return { status: 204, headers };
  },
});

async function subnetUse(tx: Repositories, vpc: Vpc): Promise<readonly SubnetUse[]> {
  const uses: SubnetUse[] = [];
  for (const subnet of await tx.networks.subnets(vpc.id)) {
    const prefix = requirePrefix(subnet.cidr);
    const outside = await tx.endpoints.takenAddresses(subnet.id, hostsOutsidePool(prefix));
    const used = await tx.endpoints.countInSubnet(subnet.id);
    uses.push({ subnet, used, usedOutsidePool: outside.size });
  }
  return uses;
}
