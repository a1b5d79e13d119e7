import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { commit } from "../actions/commit.ts";
import { decideConnections } from "../actions/decide-connections.ts";
import { requireCluster, requireEnabledService } from "../actions/find.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, stringEnum } from "../schema.ts";

const endpointIds = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 1000 });

/** Contract section 1.4. */
const body = Type.Object({
  action: stringEnum(["receive", "reject"]),
  endpoint_id_list: Type.Optional(endpointIds),
  endpointIdList: Type.Optional(endpointIds),
});

export const updateVpcepConnection = defineOperation({
  id: "UpdateVpcepConnection",
  method: "POST",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/connections",
  action: "css:VPCEndpoint:manageConnection",
  schemas: { params: clusterParams, body },
  async handle(request, context) {
    const { action, endpoint_id_list: ids = request.body.endpointIdList } = request.body;
    if (ids === undefined) throw new PosternError("missing_parameter", "The body lacks endpoint_id_list.");
    const resource = `cluster/${request.params.cluster_id}`;
    const { headers } = await commit(context, request, "updateVpcepConnection", resource, async (tx) => {
      const { principal } = request;
      const cluster = await requireCluster(tx, principal, request.params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const service = await requireEnabledService(tx, cluster);
      const now = context.clock.now();
      await decideConnections(tx, service, principal.accountId, action, ids, now);
      await tx.clusters.touch(cluster.id, now);
    });
    return { headers, body: {} };
  },
});
