import { PosternError } from "../../domain/errors.ts";
import { commit } from "../actions/commit.ts";
import { decideConnections, requireConnection } from "../actions/decide-connections.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { requireOwnService } from "./find.ts";
import { pagingFields, readPaging } from "./paging.ts";
import { renderConnection } from "./render-endpoint.ts";
import { description, id, serviceParams } from "./schema.ts";
import { Type } from "../type-builder.ts";

const listQuery = Type.Object({
  ...pagingFields,
  id: Type.Optional(id),
  marker_id: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  status: Type.Optional(
    stringEnum(["creating", "pendingAcceptance", "accepted", "rejected", "failed", "deleting"]),
  ),
});

export const listServiceConnections = defineOperation({
  id: "ListServiceConnections",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/connections",
  action: "vpcep:connections:list",
  protocol: "vpcep",
  schemas: { params: serviceParams, query: listQuery },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      const { service, cluster } = await requireOwnService(tx, principal, params.service_id);
      const { items, total } = await tx.endpoints.searchByService(
        service.id,
        { id: query.id, markerId: query.marker_id, status: query.status },
        readPaging(query),
      );
      const connections = items.map(renderConnection);
      return {
        headers: { etag: clusterEtag(cluster) },
        body: { connections, total_count: total },
      };
    });
  },
});

export const acceptOrRejectEndpoint = defineOperation({
  id: "AcceptOrRejectEndpoint",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/connections/action",
  action: "vpcep:connections:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({
      action: stringEnum(["receive", "reject"]),
      endpoints: Type.Array(id, { minItems: 1, maxItems: 1 }),
    }),
  },
  async handle(request, context) {
    const { principal, params, body } = request;
    const resource = `service/${params.service_id}`;
    const { result, headers } = await commit(context, request, "acceptOrReject", resource, async (tx) => {
      const { service, cluster } = await requireOwnService(tx, principal, params.service_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const [wanted = ""] = body.endpoints;
      const before = await requireConnection(tx, service, wanted);
      if (body.action === "receive" && before.approval === "accepted") {
        throw new PosternError("connected_already", `Connection ${wanted} is accepted already.`);
      }
      const now = context.clock.now();
      await decideConnections(tx, service, principal.accountId, body.action, [wanted], now);
      await tx.clusters.touch(cluster.id, now);
      return renderConnection(await requireConnection(tx, service, wanted));
    });
    return { headers, body: { connections: [result] } };
  },
});

const note = Type.Object({ id, description });

export const updateEndpointConnectionsDesc = defineOperation({
  id: "UpdateEndpointConnectionsDesc",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/connections/description",
  action: "vpcep:connections:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({ connections: Type.Array(note, { minItems: 1, maxItems: 100 }) }),
  },
  async handle(request, context) {
    const { principal, params, body } = request;
    const resource = `service/${params.service_id}`;
    const { result, headers } = await commit(
      context,
      request,
      "describeConnections",
      resource,
      async (tx) => {
        const { service, cluster } = await requireOwnService(tx, principal, params.service_id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        const now = context.clock.now();
        const connections: object[] = [];
        for (const wish of body.connections) {
          const endpoint = await requireConnection(tx, service, wish.id);
          const noted = { ...endpoint, ownerNote: wish.description };
          await tx.endpoints.setDetails(endpoint.id, noted, now);
          connections.push(renderConnection({ ...noted, updatedAt: now }));
        }
        await tx.clusters.touch(cluster.id, now);
        return connections;
      },
    );
    return { headers, body: { connections: result } };
  },
});
