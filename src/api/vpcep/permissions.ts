import type { TSchema } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Repositories } from "../../domain/store.ts";
import { parsePermission } from "../../domain/whitelist.ts";
import { commit } from "../actions/commit.ts";
import { addPermissions, removePermissions, requirePermission } from "../actions/change-permissions.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation, type ApiContext, type OperationRequest } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { requireOwnService, type OwnService } from "./find.ts";
import { pagingFields, readPaging } from "./paging.ts";
import { renderPermission } from "./render-endpoint.ts";
import { id, permissionParams, serviceParams } from "./schema.ts";
import { Type } from "../type-builder.ts";

const permission = Type.String({ minLength: 1, maxLength: 1024 });
const permissionType = Type.Optional(stringEnum(["domainId", "orgPath"]));
/** Checked by hand, for there is a code for each mistake. */
const batchLimit = 50;
const batchOf = <Item extends TSchema>(item: Item) => Type.Array(item, { maxItems: 10 * batchLimit });
const note = Type.String({ maxLength: 256, pattern: "^[^<>]*$" });

export const listServicePermissionsDetails = defineOperation({
  id: "ListServicePermissionsDetails",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/permissions",
  action: "vpcep:permissions:list",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    query: Type.Object({
      ...pagingFields,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
      permission: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
    }),
  },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      const { service, cluster } = await requireOwnService(tx, principal, params.service_id);
      const part = query.permission ?? "";
      const { items, total } = await tx.services.listPermissions(service.id, part, readPaging(query));
      const permissions = items.map(renderPermission);
      return {
        headers: { etag: clusterEtag(cluster) },
        body: { permissions, total_count: total },
      };
    });
  },
});

/** @throws PosternError permissions_empty, batch_too_large */
function requireBatch({ length }: readonly unknown[]): void {
  if (length === 0)
    throw new PosternError("permissions_empty", "The list permissions is empty. Name at least one.");
  if (length <= batchLimit) return;
  throw new PosternError(
    "batch_too_large",
    `One call takes up to ${batchLimit} permissions, and this one has ${length}. Split it.`,
  );
}

/** Runs a change of a service's whitelist as one durable, enforced write. */
async function change<Result>(
  context: ApiContext,
  request: Omit<OperationRequest, "params" | "query" | "body"> & { params: { service_id: string } },
  work: (tx: Repositories, own: OwnService, now: number) => Promise<Result>,
): Promise<{ readonly result: Result; readonly headers: Readonly<Record<string, string>> }> {
  const { principal, params, ifMatch } = request;
  const plain = { ...request, params: undefined, query: undefined, body: undefined };
  return commit(context, plain, "updatePermissions", `service/${params.service_id}`, async (tx) => {
    const own = await requireOwnService(tx, principal, params.service_id);
    checkIfMatch(ifMatch, clusterEtag(own.cluster));
    const now = context.clock.now();
    const result = await work(tx, own, now);
    await tx.clusters.touch(own.cluster.id, now);
    return result;
  });
}

export const addOrRemoveServicePermissions = defineOperation({
  id: "AddOrRemoveServicePermissions",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/permissions/action",
  action: "vpcep:permissions:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({
      action: stringEnum(["add", "remove"]),
      permissions: batchOf(permission),
      permission_type: permissionType,
    }),
  },
  async handle(request, context) {
    const { action, permissions, permission_type: type = "domainId" } = request.body;
    requireBatch(permissions);
    const { headers } = await change(context, request, async (tx, { service }, now) => {
      const owner = request.principal.accountId;
      const entries = permissions.map((entry) => ({ permission: entry, description: "" }));
      if (action === "add") await addPermissions(tx, service, type, entries, now);
      else {
        const meant = new Set(permissions.map((entry) => parsePermission(entry) ?? entry));
        await removePermissions(tx, service, owner, (entry) => meant.has(entry.permission), now);
      }
    });
    return { headers, body: { permissions, permission_type: type } };
  },
});

export const batchAddEndpointServicePermissions = defineOperation({
  id: "BatchAddEndpointServicePermissions",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/permissions/batch-create",
  action: "vpcep:permissions:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({
      permissions: batchOf(Type.Object({ permission, description: Type.Optional(note) })),
      permission_type: permissionType,
    }),
  },
  async handle(request, context) {
    const { permissions, permission_type: type = "domainId" } = request.body;
    requireBatch(permissions);
    const { result, headers } = await change(context, request, (tx, { service }, now) => {
      const entries = permissions.map((entry) => ({ description: "", ...entry }));
      return addPermissions(tx, service, type, entries, now);
    });
    return { headers, body: { permissions: result.map(renderPermission) } };
  },
});

/** Removes all of them or, where one is not there, none. The published example answers an empty list. */
export const batchRemoveEndpointServicePermissions = defineOperation({
  id: "BatchRemoveEndpointServicePermissions",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/permissions/batch-delete",
  action: "vpcep:permissions:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({ permissions: batchOf(Type.Object({ id })) }),
  },
  async handle(request, context) {
    requireBatch(request.body.permissions);
    const ids = request.body.permissions.map((entry) => entry.id);
    const { headers } = await change(context, request, async (tx, { service }, now) => {
      for (const wanted of ids) await requirePermission(tx, service, wanted);
      const { accountId } = request.principal;
      await removePermissions(tx, service, accountId, (entry) => ids.includes(entry.id), now);
    });
    return { headers, body: { permissions: [] } };
  },
});

export const updateEndpointServicePermissionDesc = defineOperation({
  id: "UpdateEndpointServicePermissionDesc",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/permissions/:permission_id",
  action: "vpcep:permissions:update",
  protocol: "vpcep",
  schemas: {
    params: permissionParams,
    body: Type.Object({ permission: Type.Object({ description: note }) }),
  },
  async handle(request, context) {
    const { description } = request.body.permission;
    const { result, headers } = await change(context, request, async (tx, { service }) => {
      const entry = await requirePermission(tx, service, request.params.permission_id);
      await tx.services.setPermissionDescription(entry.id, description);
      return { ...entry, description };
    });
    return { headers, body: { permissions: [renderPermission(result)] } };
  },
});
