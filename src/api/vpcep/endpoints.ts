import { commit } from "../actions/commit.ts";
import { releaseEndpoint } from "../actions/release.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { locate, requireOwn } from "../postern/locate-endpoint.ts";
import { projectParams } from "../schema.ts";
import { pagingFields, readPaging } from "./paging.ts";
import { renderEndpoint } from "./render-endpoint.ts";
import { endpointParams, id } from "./schema.ts";
import { Type } from "../type-builder.ts";

const listQuery = Type.Object({
  ...pagingFields,
  endpoint_service_name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  vpc_id: Type.Optional(id),
  id: Type.Optional(id),
});

export const listEndpoints = defineOperation({
  id: "ListEndpoints",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoints",
  action: "vpcep:endpoints:list",
  protocol: "vpcep",
  schemas: { params: projectParams, query: listQuery },
  async handle({ principal, query }, context) {
    return context.store.read(async (tx) => {
      const { items, total } = await tx.endpoints.searchByProject(
        principal.projectId,
        { id: query.id, vpcId: query.vpc_id, serviceName: query.endpoint_service_name },
        readPaging(query),
      );
      const endpoints: object[] = [];
      for (const endpoint of items) {
        const { service } = await locate(tx, endpoint.id);
        endpoints.push(renderEndpoint(endpoint, service, context));
      }
      return { body: { endpoints, total_count: total } };
    });
  },
});

export const listEndpointInfoDetails = defineOperation({
  id: "ListEndpointInfoDetails",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id",
  action: "vpcep:endpoints:get",
  protocol: "vpcep",
  schemas: { params: endpointParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const { endpoint, service, cluster } = await requireOwn(tx, principal, params.endpoint_id);
      return {
        headers: { etag: clusterEtag(cluster) },
        body: renderEndpoint(endpoint, service, context),
      };
    });
  },
});

/** It is gone when this is answered: clients that poll get their 404 at once (contract section 3.11). */
export const deleteEndpoint = defineOperation({
  id: "DeleteEndpoint",
  method: "DELETE",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id",
  action: "vpcep:endpoints:delete",
  protocol: "vpcep",
  schemas: { params: endpointParams },
  async handle(request, context) {
    const { endpoint_id: wanted } = request.params;
    const { headers } = await commit(context, request, "deleteEndpoint", `endpoint/${wanted}`, async (tx) => {
      const { endpoint, cluster } = await requireOwn(tx, request.principal, wanted);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const now = context.clock.now();
      await releaseEndpoint(tx, endpoint, now);
      await tx.clusters.touch(cluster.id, now);
    });
    return { status: 204, headers };
  },
});
