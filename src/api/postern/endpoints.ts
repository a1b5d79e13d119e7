import { commit } from "../actions/commit.ts";
import { releaseEndpoint } from "../actions/release.ts";
import { checkIfMatch, clusterEtag, liveReply } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams } from "../schema.ts";
import { locate, requireOwn } from "./locate-endpoint.ts";
import { placeOf, renderEndpoint } from "./render.ts";
import { endpointAnswer } from "../answers/endpoint.ts";
import { pageOf } from "../answers/parts.ts";

export const listConsumerEndpoints = defineOperation({
  id: "ListConsumerEndpoints",
  method: "GET",
  path: "/postern/v1/:project_id/endpoints",
  action: "vpcep:endpoints:list",
  schemas: { params: projectParams, query: pageQuery, answer: pageOf("endpoints", endpointAnswer) },
  async handle({ principal, query }, context) {
    return context.store.read(async (tx) => {
      const { items, total } = await tx.endpoints.listByProject(principal.projectId, readPage(query));
      const endpoints: object[] = [];
      const place = await placeOf(tx, context);
      for (const endpoint of items) {
        const { service, cluster } = await locate(tx, endpoint.id);
        endpoints.push(renderEndpoint(endpoint, service, cluster, place));
      }
      return { body: { endpoints, total_count: total } };
    });
  },
});

export const showConsumerEndpoint = defineOperation({
  id: "ShowConsumerEndpoint",
  method: "GET",
  path: "/postern/v1/:project_id/endpoints/:id",
  action: "vpcep:endpoints:get",
  schemas: { params: resourceParams, answer: endpointAnswer },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const { endpoint, service, cluster } = await requireOwn(tx, principal, params.id);
      return liveReply(cluster, renderEndpoint(endpoint, service, cluster, await placeOf(tx, context)));
    });
  },
});

export const deleteConsumerEndpoint = defineOperation({
  id: "DeleteConsumerEndpoint",
  method: "DELETE",
  path: "/postern/v1/:project_id/endpoints/:id",
  action: "vpcep:endpoints:delete",
  schemas: { params: resourceParams },
  async handle(request, context) {
    const { id } = request.params;
    const { headers } = await commit(context, request, "deleteEndpoint", `endpoint/${id}`, async (tx) => {
      const { endpoint, cluster } = await requireOwn(tx, request.principal, id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const now = context.clock.now();
      await releaseEndpoint(tx, endpoint, now);
      await tx.clusters.touch(cluster.id, now);
    });
    return { status: 204, headers };
  },
});
