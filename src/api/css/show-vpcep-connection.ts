import { Type } from "typebox";
import { requireCluster, requireEnabledService } from "../actions/find.ts";
import { clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { renderConnections } from "./render-connections.ts";

/** Seed page, table 2. */
const query = Type.Object({
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

/** Contract section 1.3. */
export const showVpcepConnection = defineOperation({
  id: "ShowVpcepConnection",
  method: "GET",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/connections",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query },
  isCacheable: true,
  async handle({ principal, params, query: { offset = 0, limit = 10 } }, context) {
    return context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      const service = await requireEnabledService(tx, cluster);
      const endpoints = await tx.endpoints.listByService(service.id, { offset, limit });
      const permissions = await tx.services.permissions(service.id);
      const body = renderConnections(service, permissions, endpoints.items, endpoints.total, context);
      return { headers: { etag: clusterEtag(cluster) }, body: JSON.stringify(body) };
    });
  },
});
