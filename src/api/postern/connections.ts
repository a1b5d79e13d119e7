import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Endpoint } from "../../domain/resources.ts";
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

/** The owner's view of every endpoint of his service, with live figures. */
export const listConnections = defineOperation({
  id: "ListConnections",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/connections",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query: pageQuery },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      const service = await requireEnabledService(tx, cluster);
      const { items, total } = await tx.endpoints.listByService(service.id, readPage(query));
      const place = await placeOf(tx, context);
      const connections = items.map((endpoint) => renderEndpoint(endpoint, service, cluster, place));
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
  schemas: { params: clusterConnectionParams, body: caps },
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
        const service = await requireEnabledService(tx, cluster);
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
