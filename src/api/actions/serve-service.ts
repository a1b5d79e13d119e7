import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Cluster, EndpointService } from "../../domain/resources.ts";
import type { Page, Repositories } from "../../domain/store.ts";
import { whitelistLimit } from "../../domain/whitelist.ts";
import { renderConnections } from "../css/render-connections.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import type { ApiContext, OperationReply, OperationRequest } from "../operation.ts";
import { flag, readFlag, stringEnum } from "../schema.ts";
import { commit } from "./commit.ts";
import { decideConnections } from "./decide-connections.ts";
import { replaceWhitelist } from "./replace-whitelist.ts";
import { Type } from "../type-builder.ts";

/** A service with its cluster, whose version is the ETag of both. */
export interface ServiceOfCluster {
  readonly service: EndpointService;
  readonly cluster: Cluster;
}

/** Finds the service that a request is about, or throws the refusal of the protocol. */
type Find = (tx: Repositories) => Promise<ServiceOfCluster>;

/** Seed page, table 2. */
export const connectionsQuery = Type.Object({
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

/** Contract section 1.3: connections and whitelist of one service. */
export function showConnections(
  context: ApiContext,
  { offset = 0, limit = 10 }: Partial<Page>,
  find: Find,
): Promise<OperationReply> {
  return context.store.read(async (tx) => {
    const { service, cluster } = await find(tx);
    const endpoints = await tx.endpoints.listByService(service.id, { offset, limit });
    const permissions = await tx.services.permissions(service.id);
    const body = renderConnections(service, permissions, endpoints.items, endpoints.total, context);
    return { headers: { etag: clusterEtag(cluster) }, body: JSON.stringify(body) };
  });
}

const endpointIds = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 1000 });

/** Contract section 1.4. */
export const decisionBody = Type.Object({
  action: stringEnum(["receive", "reject"]),
  endpoint_id_list: Type.Optional(endpointIds),
  endpointIdList: Type.Optional(endpointIds),
});

/** Accepts or rejects connections of one service. */
export async function decide(
  context: ApiContext,
  request: OperationRequest,
  body: Static<typeof decisionBody>,
  resource: string,
  find: Find,
): Promise<OperationReply> {
  const { action, endpoint_id_list: ids = body.endpointIdList } = body;
  if (ids === undefined) throw new PosternError("missing_parameter", "The body lacks endpoint_id_list.");
  const { headers } = await commit(context, request, "updateVpcepConnection", resource, async (tx) => {
    const { service, cluster } = await find(tx);
    checkIfMatch(request.ifMatch, clusterEtag(cluster));
    const now = context.clock.now();
    await decideConnections(tx, service, request.principal.accountId, action, ids, now);
    await tx.clusters.touch(cluster.id, now);
  });
  return { headers, body: {} };
}

const accounts = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: whitelistLimit });

/**
 * Contract section 1.5. `reconcile_connections` is ours and is kept with the service: whether accounts that leave
 * the whitelist lose the connections that they have.
 */
export const whitelistBody = Type.Object({
  vpc_permissions: Type.Optional(accounts),
  vpcPermissions: Type.Optional(accounts),
  reconcile_connections: Type.Optional(flag),
});

/** Makes the list the whole whitelist of one service. */
export async function permit(
  context: ApiContext,
  request: OperationRequest,
  body: Static<typeof whitelistBody>,
  resource: string,
  find: Find,
): Promise<OperationReply> {
  const { vpc_permissions: entries = body.vpcPermissions, reconcile_connections: reconcile } = body;
  if (entries === undefined) throw new PosternError("missing_parameter", "The body lacks vpc_permissions.");
  const { headers } = await commit(context, request, "updateVpcepWhitelist", resource, async (tx) => {
    const { service: present, cluster } = await find(tx);
    checkIfMatch(request.ifMatch, clusterEtag(cluster));
    const now = context.clock.now();
    const reconcileConnections = reconcile === undefined ? present.reconcileConnections : readFlag(reconcile);
    const service = { ...present, reconcileConnections, updatedAt: now };
    await tx.services.update(service);
    await replaceWhitelist(tx, service, request.principal.accountId, entries, now);
    await tx.clusters.touch(cluster.id, now);
  });
  return { headers, body: {} };
}
