import { PosternError } from "../../domain/errors.ts";
import type { EndpointId, ServiceId } from "../../domain/ids.ts";
import type { Cluster, Endpoint, EndpointService } from "../../domain/resources.ts";
import { endpointSpecification } from "../../domain/specification.ts";
import type { Repositories } from "../../domain/store.ts";
import { commit } from "../actions/commit.ts";
import { checkMaxSession } from "../actions/create-endpoint.ts";
import { requireConnection } from "../actions/decide-connections.ts";
import { requireCluster, requireEnabledService } from "../actions/find.ts";
import { checkIfMatch, clusterEtag, liveReply } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterConnectionParams, clusterParams, pageQuery, readPage } from "../schema.ts";
import { renderLocated } from "./locate-endpoint.ts";
import { placeOf, renderEndpoint } from "./render.ts";
import { endpointAnswer } from "../answers/endpoint.ts";
import { pageOf } from "../answers/parts.ts";
import { Type } from "../type-builder.ts";

const query = Type.Object({
  ...pageQuery.properties,
  service_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});

/** The owner's view of every endpoint of a service, with live figures: of the one that opening made, or one that is named. */
export const listConnections = defineOperation({
  id: "ListConnections",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/connections",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query, answer: pageOf("connections", endpointAnswer) },
  async handle({ principal, params, query: wanted }, context) {
    return context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      const service =
        wanted.service_id === undefined
          ? await requireEnabledService(tx, cluster)
          : await requireServiceOf(tx, cluster, wanted.service_id);
      const { items, total } = await tx.endpoints.listByService(service.id, readPage(wanted));
      const place = await placeOf(tx, context);
      const connections = items.map((endpoint) => ({
        ...renderEndpoint(endpoint, service, cluster, place),
        ...(endpoint.ownerNote === "" ? {} : { owner_note: endpoint.ownerNote }),
      }));
      return liveReply(cluster, { connections, total_count: total });
    });
  },
});

const caps = Type.Object({
  max_session: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  /** New sessions a second; null: no limit. Stays as it is where it is left out. */
  max_connection_rate: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()]),
  ),
  /** Bytes a second, both directions together; null: no limit. Stays as it is where it is left out. */
  max_bandwidth: Type.Optional(
    Type.Union([Type.Integer({ minimum: 10_000, maximum: 1_000_000_000_000 }), Type.Null()]),
  ),
});

/** The owner's caps on one connection. Lowering one cuts nothing: it only keeps new sessions out, or slows them. */
export const updateConnectionCap = defineOperation({
  id: "UpdateConnectionCap",
  method: "PUT",
  path: "/postern/v1/:project_id/clusters/:cluster_id/connections/:id",
  action: "css:VPCEndpoint:manageConnection",
  schemas: { params: clusterConnectionParams, body: caps, answer: endpointAnswer },
  async handle(request, context) {
    const { params, principal, body } = request;
    const { result, headers } = await commit(
      context,
      request,
      "updateConnectionCap",
      `endpoint/${params.id}`,
      async (tx) => {
        const cluster = await requireCluster(tx, principal, params.cluster_id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        const known = await tx.endpoints.find(params.id as EndpointId);
        const service =
          (known && (await findServiceOf(tx, cluster, known.serviceId))) ??
          (await requireEnabledService(tx, cluster));
        const endpoint = await requireConnection(tx, service, params.id);
        const most = endpointSpecification(service.professional).maxSession;
        const now = context.clock.now();
        const {
          max_connection_rate: maxConnectionRate = endpoint.maxConnectionRate,
          max_bandwidth: maxBandwidth = endpoint.maxBandwidth,
        } = body;
        await requireRateKeeper(tx, endpoint, body.max_connection_rate ?? body.max_bandwidth);
        const maxSession = checkMaxSession(body.max_session, most);
        await tx.endpoints.setCaps(endpoint.id, { maxSession, maxConnectionRate, maxBandwidth }, now);
        await tx.clusters.touch(cluster.id, now);
        return endpoint.id;
      },
    );
    return { headers, body: await context.store.read((tx) => renderLocated(tx, result, context)) };
  },
});

/**
 * Rates are kept to by the kernel, which does not carry loopback networks.
 * @param wanted a rate that is asked for, if any
 * @throws PosternError unsupported
 */
async function requireRateKeeper(
  tx: Repositories,
  endpoint: Endpoint,
  wanted: number | null | undefined,
): Promise<void> {
  const vpc = await tx.networks.vpc(endpoint.vpcId);
  if (typeof wanted !== "number" || vpc?.attachment.kind !== "loopback") return;
  throw new PosternError(
    "unsupported",
    `Endpoint ${endpoint.id} is in a loopback network, where nothing keeps to max_connection_rate and max_bandwidth. ` +
      "Leave them out; they work in networks that are attached as an interface or a namespace.",
  );
}

async function findServiceOf(
  tx: Repositories,
  cluster: Cluster,
  id: ServiceId,
): Promise<EndpointService | undefined> {
  const service = await tx.services.find(id);
  return service?.clusterId === cluster.id && service.enabled ? service : undefined;
}

/** @throws PosternError resource_not_found */
async function requireServiceOf(tx: Repositories, cluster: Cluster, id: string): Promise<EndpointService> {
  const service = await findServiceOf(tx, cluster, id as ServiceId);
  if (service) return service;
  throw new PosternError(
    "resource_not_found",
    `Cluster ${cluster.name} has no open endpoint service ${id}. List the services to find its id.`,
  );
}
