import { requireCluster } from "../actions/find.ts";
import { clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";

/** Clients read it with every cluster (contract section 2.1). Postern takes no snapshots: there is no policy. */
export const showSnapshotPolicy = defineOperation({
  id: "ShowAutoCreatePolicy",
  method: "GET",
  path: "/v1.0/:project_id/clusters/:cluster_id/index_snapshot/policy",
  action: "css:snapshot:getSnapshotPolicy",
  schemas: { params: clusterParams },
  async handle({ principal, params }, context) {
    const cluster = await context.store.read((tx) => requireCluster(tx, principal, params.cluster_id));
    return { headers: { etag: clusterEtag(cluster) }, body: { enable: "false" } };
  },
});
