import { Type } from "typebox";
import { endpointSpecification } from "../../domain/specification.ts";
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

const cap = Type.Object({ max_session: Type.Integer({ minimum: 1, maximum: 1_000_000 }) });

/** The owner's cap on one connection. Lowering it cuts nothing: it only keeps new sessions out. */
export const updateConnectionCap = defineOperation({
  id: "UpdateConnectionCap",
  method: "PUT",
  path: "/postern/v1/:project_id/clusters/:cluster_id/connections/:id",
  action: "css:VPCEndpoint:manageConnection",
  schemas: { params: clusterConnectionParams, body: cap },
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
        await tx.endpoints.setMaxSession(endpoint.id, checkMaxSession(body.max_session, most), now);
        await tx.clusters.touch(cluster.id, now);
        return endpoint.id;
      },
    );
    return { headers, body: await context.store.read((tx) => renderLocated(tx, result, context)) };
  },
});
