import { newUuid, type ClusterId } from "../../domain/ids.ts";
import { commit } from "../actions/commit.ts";
import { releaseCluster } from "../actions/release.ts";
import { requireCluster, requireUnusedServices } from "../actions/find.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";

/**
 * Contract section 2.1. The cluster is gone with the service that opening it made, and all endpoints of that; its
 * registration stays, so that it can be created again.
 */
export const deleteCluster = defineOperation({
  id: "DeleteCluster",
  method: "DELETE",
  path: "/v1.0/:project_id/clusters/:cluster_id",
  action: "css:cluster:delete",
  schemas: { params: clusterParams },
  async handle(request, context) {
    const resource = `cluster/${request.params.cluster_id}`;
    const { headers } = await commit(context, request, "deleteCluster", resource, async (tx) => {
      const cluster = await requireCluster(tx, request.principal, request.params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      await requireUnusedServices(tx, cluster);
      await releaseCluster(tx, cluster, context.clock.now());
      await tx.clusters.insert({ ...cluster, id: newUuid<ClusterId>(), state: "released", tags: [] });
    });
    return { headers, body: {} };
  },
});
