import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { SubnetId, VpcId } from "../../domain/ids.ts";
import type { Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { projectParams, resourceParams } from "../schema.ts";
import { renderSubnetV1, renderVpcV1 } from "./render.ts";
import { Type } from "../type-builder.ts";

/** Most networks of a project that are looked at; far more than one has. */
const networkLimit = 10_000;

const filter = {
  id: Type.Optional(Type.String({ maxLength: 64 })),
  /** Id of the last item of the page before. */
  marker: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
};

const vpcQuery = Type.Object(filter);
const subnetQuery = Type.Object({ ...filter, vpc_id: Type.Optional(Type.String({ maxLength: 64 })) });

type Filter = Static<typeof vpcQuery>;

export const listVpcsV1 = defineOperation({
  id: "ListVpcsV1",
  method: "GET",
  path: "/v1/:project_id/vpcs",
  action: "vpc:vpcs:list",
  schemas: { params: projectParams, query: vpcQuery },
  async handle({ principal, query }, context) {
    const vpcs = await context.store.read((tx) => vpcsOf(tx, principal));
    return { body: { vpcs: page(vpcs, query).map(renderVpcV1) } };
  },
});

export const showVpcV1 = defineOperation({
  id: "ShowVpcV1",
  method: "GET",
  path: "/v1/:project_id/vpcs/:id",
  action: "vpc:vpcs:get",
  schemas: { params: resourceParams },
  async handle({ principal, params }, context) {
    const vpc = await context.store.networks.vpc(params.id as VpcId);
    if (vpc?.projectId !== principal.projectId) throw notFound("VPC", params.id);
    const body = { vpc: renderVpcV1(vpc) };
    return { headers: { etag: contentEtag(body) }, body };
  },
});

export const listSubnetsV1 = defineOperation({
  id: "ListSubnetsV1",
  method: "GET",
  path: "/v1/:project_id/subnets",
  action: "vpc:subnets:list",
  schemas: { params: projectParams, query: subnetQuery },
  async handle({ principal, query }, context) {
    const subnets = await context.store.read(async (tx) => {
      const vpcs = await vpcsOf(tx, principal);
      const wanted = vpcs.filter((vpc) => query.vpc_id === undefined || vpc.id === query.vpc_id);
      const found: Subnet[] = [];
      for (const vpc of wanted) found.push(...(await tx.networks.subnets(vpc.id)));
      return found;
    });
    return { body: { subnets: page(subnets, query).map(renderSubnetV1) } };
  },
});

export const showSubnetV1 = defineOperation({
  id: "ShowSubnetV1",
  method: "GET",
  path: "/v1/:project_id/subnets/:id",
  action: "vpc:subnets:get",
  schemas: { params: resourceParams },
  async handle({ principal, params }, context) {
    const subnet = await context.store.networks.subnet(params.id as SubnetId);
    if (subnet?.projectId !== principal.projectId) throw notFound("Subnet", params.id);
    const body = { subnet: renderSubnetV1(subnet) };
    return { headers: { etag: contentEtag(body) }, body };
  },
});

async function vpcsOf(tx: Repositories, principal: Principal): Promise<readonly Vpc[]> {
  return (await tx.networks.vpcs(principal.projectId, { offset: 0, limit: networkLimit })).items;
}

/** What follows the marker, at most `limit` of it. An unknown marker is followed by nothing. */
function page<Item extends { readonly id: string }>(items: readonly Item[], wanted: Filter): readonly Item[] {
  const { id, marker, limit = networkLimit } = wanted;
  const matching = id === undefined ? items : items.filter((item) => item.id === id);
  const at = marker === undefined ? -1 : matching.findIndex((item) => item.id === marker);
  const start = marker !== undefined && at === -1 ? matching.length : at + 1;
  return matching.slice(start, start + limit);
}

function notFound(kind: string, id: string): PosternError {
  return new PosternError("resource_not_found", `${kind} ${id} does not exist in this project.`);
}
