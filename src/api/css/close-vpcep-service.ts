import { commit } from "../actions/commit.ts";
import { requireCluster, requireEnabledService } from "../actions/find.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { switchedAnswer } from "../answers/service.ts";

/** Contract section 1.2. Endpoints keep ids, addresses and decisions; their sessions are cut. */
export const closeVpcepService = defineOperation({
  id: "StopVpcep",
  method: "PUT",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/close",
  action: "css:VPCEndpoint:enableOrDisable",
  schemas: { params: clusterParams, answer: switchedAnswer },
  async handle(request, context) {
    const resource = `cluster/${request.params.cluster_id}`;
    const { headers } = await commit(context, request, "stopVpcep", resource, async (tx) => {
      const cluster = await requireCluster(tx, request.principal, request.params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const service = await requireEnabledService(tx, cluster);
      const now = context.clock.now();
      await tx.services.update({ ...service, enabled: false, updatedAt: now });
      await tx.clusters.touch(cluster.id, now);
    });
    return { headers, body: { action: "deleteVpcepservice" } };
  },
});
