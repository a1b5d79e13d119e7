import type { Cluster, EndpointService } from "../../domain/resources.ts";
import {
  connectionsQuery,
  decide,
  decisionBody,
  permit,
  showConnections,
  whitelistBody,
} from "../actions/serve-service.ts";
import { renderTime } from "../css/render-connections.ts";
import { defineOperation } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams } from "../schema.ts";
import { requireOwnService } from "../vpcep/find.ts";
import { clusterOf } from "./locate-endpoint.ts";
import { nothing, pageOf } from "../answers/parts.ts";
import { connectionsAnswer, serviceAnswer } from "../answers/service.ts";
import { Type } from "../type-builder.ts";

/** Every open service of the project, whichever API made it; newest first. */
export const listServices = defineOperation({
  id: "ListServices",
  method: "GET",
  path: "/postern/v1/:project_id/services",
  action: "vpcep:epservices:list",
  schemas: {
    params: projectParams,
    query: Type.Object({
      ...pageQuery.properties,
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    }),
    answer: pageOf("services", serviceAnswer),
  },
  async handle({ principal, query }, context) {
    return context.store.read(async (tx) => {
      const page = { ...readPage(query), sortBy: "createdAt", direction: "desc" } as const;
      const { items, total } = await tx.services.listByProject(
        principal.projectId,
        { name: query.name },
        page,
      );
      const services: object[] = [];
      for (const service of items) {
        const { total: connections } = await tx.endpoints.listByService(service.id, { offset: 0, limit: 1 });
        services.push(renderService(service, await clusterOf(tx, service), connections));
      }
      return { body: { services, total_count: total } };
    });
  },
});

/** The same answer as for the service that opening a cluster made. */
export const listServiceConnections = defineOperation({
  id: "ListConnectionsOfService",
  method: "GET",
  path: "/postern/v1/:project_id/services/:id/connections",
  action: "vpcep:connections:list",
  schemas: { params: resourceParams, query: connectionsQuery, answer: connectionsAnswer },
  handle: ({ principal, params, query }, context) =>
    showConnections(context, query, (tx) => requireOwnService(tx, principal, params.id)),
});

export const decideServiceConnections = defineOperation({
  id: "DecideConnectionsOfService",
  method: "POST",
  path: "/postern/v1/:project_id/services/:id/connections",
  action: "vpcep:connections:update",
  schemas: { params: resourceParams, body: decisionBody, answer: nothing },
  handle(request, context) {
    const { params, principal, body } = request;
    return decide(context, request, body, `service/${params.id}`, (tx) =>
      requireOwnService(tx, principal, params.id),
    );
  },
});

export const replaceServiceWhitelist = defineOperation({
  id: "ReplaceWhitelistOfService",
  method: "POST",
  path: "/postern/v1/:project_id/services/:id/permissions",
  action: "vpcep:permissions:update",
  schemas: { params: resourceParams, body: whitelistBody, answer: nothing },
  handle(request, context) {
    const { params, principal, body } = request;
    return permit(context, request, body, `service/${params.id}`, (tx) =>
      requireOwnService(tx, principal, params.id),
    );
  },
});

function renderService(service: EndpointService, cluster: Cluster, connections: number): object {
  return {
    id: service.id,
    name: service.name,
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    origin: service.origin,
    approval_enabled: service.approvalEnabled,
    connections,
    created_at: renderTime(service.createdAt),
  };
}
