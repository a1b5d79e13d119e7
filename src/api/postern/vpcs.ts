import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type SubnetId, type VpcId } from "../../domain/ids.ts";
import { freeLoopbackNetwork, isLoopbackNetwork } from "../../domain/loopback.ts";
import type { ProjectId } from "../../domain/ids.ts";
import type { Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix, prefixContains, prefixesOverlap, type Ipv4Prefix } from "../../lib/ipv4.ts";
import { commit } from "../actions/commit.ts";
import { requireVpc } from "../actions/find.ts";
import { defineOperation } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams, stringEnum } from "../schema.ts";
import { renderVpc, type SubnetUse } from "./render.ts";

const resourceName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const cidr = Type.String({ minLength: 9, maxLength: 18 });

const vpcBody = Type.Object({
  name: resourceName,
  /** The next free network without it. */
  cidr: Type.Optional(cidr),
  attachment: Type.Optional(Type.Object({ kind: stringEnum(["loopback"]) })),
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
    const { body, principal } = request;
    const { result, headers } = await commit(context, request, "createVpc", `vpc/${body.name}`, (tx) =>
      insertVpc(tx, principal.projectId, body, context.clock.now()),
    );
    return {
      headers,
      body: renderVpc(
        result.vpc,
        result.subnets.map((subnet) => ({ subnet, used: 0 })),
      ),
    };
  },
});

/**
 * Adds a VPC on the loopback attachment with its subnets.
 * @throws PosternError out_of_range, already_in_use
 */
export async function insertVpc(
  tx: Repositories,
  projectId: ProjectId,
  wish: VpcBody,
  now: number,
): Promise<{ readonly vpc: Vpc; readonly subnets: readonly Subnet[] }> {
  const present = await tx.networks.allVpcs();
  if (present.some((vpc) => vpc.projectId === projectId && vpc.name === wish.name)) {
    throw new PosternError("already_in_use", `A VPC named ${wish.name} exists already.`);
  }
  const taken = present.map((vpc) => requirePrefix(vpc.cidr));
  const network = chooseNetwork(wish.cidr, taken);
  const id = newUuid<VpcId>();
  const vpc: Vpc = { id, projectId, name: wish.name, cidr: network, attachment: "loopback", createdAt: now };
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

function chooseNetwork(wanted: string | undefined, taken: readonly Ipv4Prefix[]): string {
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
      return { body: renderVpc(vpc, await subnetUse(tx, vpc)) };
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
    uses.push({ subnet, used: await tx.endpoints.countInSubnet(subnet.id) });
  }
  return uses;
}
