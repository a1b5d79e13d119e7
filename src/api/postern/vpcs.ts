import type { Attachment } from "../../domain/attachment.ts";
import { PosternError } from "../../domain/errors.ts";
import { hostsOutsidePool, isHostAddress } from "../../domain/pool.ts";
import type { Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import {
  attachmentSchema,
  readAttachment,
  requireFreeOnHost,
  requireRightsToAttach,
  requireSameSpace,
} from "../actions/attachments.ts";
import { commit } from "../actions/commit.ts";
import { requireReachableVpc, requireVpc } from "../actions/find.ts";
import { insertVpc } from "../actions/insert-vpc.ts";
import { addNetwork6, requirePrefix } from "../actions/read-network.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams } from "../schema.ts";
import { renderVpc, type SubnetUse } from "./render.ts";
import { vpcAnswer } from "../answers/network.ts";
import { pageOf } from "../answers/parts.ts";
import { Type } from "../type-builder.ts";

const resourceName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const cidr = Type.String({ minLength: 9, maxLength: 18 });
const cidr6 = Type.Optional(Type.String({ minLength: 4, maxLength: 43 }));

const vpcBody = Type.Object({
  name: resourceName,
  /** The next free network without it, on loopback. */
  cidr: Type.Optional(cidr),
  /** IPv6 addresses beside those; none without it. */
  cidr6,
  attachment: Type.Optional(attachmentSchema),
  /** One subnet over the whole VPC without it. */
  subnets: Type.Optional(
    Type.Array(Type.Object({ name: resourceName, cidr, cidr6 }), { minItems: 1, maxItems: 100 }),
  ),
});

export const createVpc = defineOperation({
  id: "CreateVpc",
  method: "POST",
  path: "/postern/v1/:project_id/vpcs",
  action: "postern:vpc:create",
  schemas: { params: projectParams, body: vpcBody, answer: vpcAnswer },
  async handle(request, context) {
    const { principal } = request;
    const { attachment: wanted, ...rest } = request.body;
    const attachment = readAttachment(wanted ?? { kind: "loopback" });
    requireRightsToAttach(principal, attachment);
    const wish = { ...rest, attachment };
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

export const listVpcs = defineOperation({
  id: "ListVpcs",
  method: "GET",
  path: "/postern/v1/:project_id/vpcs",
  action: "postern:vpc:list",
  schemas: { params: projectParams, query: pageQuery, answer: pageOf("vpcs", vpcAnswer) },
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
  schemas: { params: resourceParams, answer: vpcAnswer },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const vpc = await requireReachableVpc(tx, principal, params.id);
      const body = renderVpc(vpc, await subnetUse(tx, vpc));
      return { headers: { etag: contentEtag(body) }, body };
    });
  },
});

const change = Type.Object(
  {
    attachment: Type.Optional(attachmentSchema),
    /** For a VPC that has IPv4 only; what it has once stays. */
    cidr6,
  },
  { minProperties: 1 },
);

/**
 * Attaches the gateways to a network in another way, or gives it IPv6. Endpoints keep their addresses; sessions of the
 * old attachment end.
 */
export const updateVpc = defineOperation({
  id: "UpdateVpc",
  method: "PUT",
  path: "/postern/v1/:project_id/vpcs/:id",
  action: "postern:vpc:update",
  schemas: { params: resourceParams, body: change, answer: vpcAnswer },
  async handle(request, context) {
    const { principal, params, ifMatch, body } = request;
    const attachment = body.attachment && readAttachment(body.attachment);
    const { result, headers } = await commit(
      context,
      request,
      "updateVpc",
      `vpc/${params.id}`,
      async (tx) => {
        const vpc = await requireReachableVpc(tx, principal, params.id);
        checkIfMatch(ifMatch, contentEtag(renderVpc(vpc, await subnetUse(tx, vpc))));
        if (attachment) await attach(tx, principal, vpc, attachment);
        if (body.cidr6 !== undefined) {
          // What may come from an interface of the gateway's host is the operator's to say.
          requireRightsToAttach(principal, vpc.attachment);
          await addNetwork6(tx, vpc, body.cidr6);
        }
        const changed = (await tx.networks.vpc(vpc.id)) ?? vpc;
        return renderVpc(changed, await subnetUse(tx, changed));
      },
    );
    return { headers: { ...headers, etag: contentEtag(result) }, body: result };
  },
});

async function attach(
  tx: Repositories,
  principal: Principal,
  vpc: Vpc,
  attachment: Attachment,
): Promise<void> {
  requireRightsToAttach(principal, vpc.attachment, attachment);
  requireSameSpace(vpc, attachment);
  await requireFreeOnHost(tx, attachment, vpc.id);
  await tx.networks.setAttachment(vpc.id, attachment);
}

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
    const endpoints = await tx.endpoints.countInSubnet(subnet.id);
    const hasNameServer = vpc.dnsAddress !== null && isHostAddress(prefix, vpc.dnsAddress);
    uses.push({ subnet, used: endpoints + Number(hasNameServer), usedOutsidePool: outside.size });
  }
  return uses;
}
