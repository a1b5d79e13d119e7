import { PosternError } from "../../domain/errors.ts";
import { mostSessionsAsked } from "../../domain/gateway-question.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { sessionOrders } from "../../domain/live-session.ts";
import type { Endpoint, EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { requireConnection } from "../actions/decide-connections.ts";
import { endSession } from "../actions/end-session.ts";
import { requireCluster } from "../actions/find.ts";
import { listSessions } from "../actions/list-sessions.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, clusterSessionParams, resourceParams, sessionParams, stringEnum } from "../schema.ts";
import { requireOwnService } from "../vpcep/find.ts";
import { requireOwn } from "./locate-endpoint.ts";
import { sessionsAnswer } from "../answers/endpoint.ts";
import { Type } from "../type-builder.ts";

/** Names one of several endpoints. */
export const endpointQuery = Type.String({ minLength: 1, maxLength: 64 });
const order = {
  sort: Type.Optional(stringEnum(sessionOrders)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostSessionsAsked })),
};
const consumerQuery = Type.Object(order);
const ownerQuery = Type.Object({ endpoint: Type.Optional(endpointQuery), ...order });

/** The owner's view of the sessions of a cluster, through whichever of its services they come. */
export const listClusterSessions = defineOperation({
  id: "ListSessionsOfCluster",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/sessions",
  action: "css:VPCEndpoint:listSession",
  schemas: { params: clusterParams, query: ownerQuery, answer: sessionsAnswer },
  async handle({ principal, params, query }, context) {
    const endpoints = await context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      return endpointsOf(tx, await tx.services.allOfCluster(cluster.id), query);
    });
    return { body: await listSessions(context, endpoints, query, "owner") };
  },
});

/** The owner's view of the sessions of one service. */
export const listServiceSessions = defineOperation({
  id: "ListSessionsOfService",
  method: "GET",
  path: "/postern/v1/:project_id/services/:id/sessions",
  action: "vpcep:sessions:list",
  schemas: { params: resourceParams, query: ownerQuery, answer: sessionsAnswer },
  async handle({ principal, params, query }, context) {
    const endpoints = await context.store.read(async (tx) => {
      const { service } = await requireOwnService(tx, principal, params.id);
      return endpointsOf(tx, [service], query);
    });
    return { body: await listSessions(context, endpoints, query, "owner") };
  },
});

/** The consumer's view of the sessions of his endpoint: which node has them is not for him to know. */
export const listEndpointSessions = defineOperation({
  id: "ListSessionsOfEndpoint",
  method: "GET",
  path: "/postern/v1/:project_id/endpoints/:id/sessions",
  action: "vpcep:sessions:list",
  schemas: { params: resourceParams, query: consumerQuery, answer: sessionsAnswer },
  async handle({ principal, params, query }, context) {
    const { endpoint } = await context.store.read((tx) => requireOwn(tx, principal, params.id));
    return { body: await listSessions(context, [endpoint.id], query, "consumer") };
  },
});

/** Ends one session of a cluster, through whichever of its services it comes; otherwise as `endServiceSession`. */
export const endClusterSession = defineOperation({
  id: "EndSessionOfCluster",
  method: "DELETE",
  path: "/postern/v1/:project_id/clusters/:cluster_id/sessions/:session_id",
  action: "css:VPCEndpoint:endSession",
  schemas: { params: clusterSessionParams, query: Type.Object({ endpoint: endpointQuery }) },
  async handle(request, context) {
    const { principal, params, query } = request;
    const endpoint = await context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      return requireEndpointOf(tx, await tx.services.allOfCluster(cluster.id), query.endpoint);
    });
    return endSession(context, request, endpoint, params.session_id);
  },
});

/** Ends one session; its consumer may connect again. The id of a session is unique within its endpoint. */
export const endServiceSession = defineOperation({
  id: "EndSessionOfService",
  method: "DELETE",
  path: "/postern/v1/:project_id/services/:id/sessions/:session_id",
  action: "vpcep:sessions:delete",
  schemas: { params: sessionParams, query: Type.Object({ endpoint: endpointQuery }) },
  async handle(request, context) {
    const { principal, params, query } = request;
    const endpoint = await context.store.read(async (tx) => {
      const { service } = await requireOwnService(tx, principal, params.id);
      return requireConnection(tx, service, query.endpoint);
    });
    return endSession(context, request, endpoint, params.session_id);
  },
});

/** The same for the consumer's own endpoint. */
export const endEndpointSession = defineOperation({
  id: "EndSessionOfEndpoint",
  method: "DELETE",
  path: "/postern/v1/:project_id/endpoints/:id/sessions/:session_id",
  action: "vpcep:sessions:delete",
  schemas: { params: sessionParams },
  async handle(request, context) {
    const { principal, params } = request;
    const { endpoint } = await context.store.read((tx) => requireOwn(tx, principal, params.id));
    return endSession(context, request, endpoint, params.session_id);
  },
});

/**
 * Returns the endpoints of some services, or the one of them that the query names.
 * @throws PosternError connection_of_other_service where the endpoint that is named is none of these services'
 */
export async function endpointsOf(
  tx: Repositories,
  services: readonly EndpointService[],
  { endpoint: id }: { readonly endpoint?: string },
): Promise<readonly EndpointId[]> {
  if (id !== undefined) return [(await requireEndpointOf(tx, services, id)).id];
  const all: (readonly Endpoint[])[] = [];
  for (const service of services) all.push(await tx.endpoints.allOfService(service.id));
  return all.flat().map((endpoint) => endpoint.id);
}

/** @throws PosternError connection_of_other_service */
async function requireEndpointOf(
  tx: Repositories,
  services: readonly EndpointService[],
  id: string,
): Promise<Endpoint> {
  const endpoint = await tx.endpoints.find(id as EndpointId);
  if (endpoint && services.some((service) => service.id === endpoint.serviceId)) return endpoint;
  throw new PosternError(
    "connection_of_other_service",
    `${id} is no connection of this cluster or endpoint service. List the connections to find its id.`,
  );
}
