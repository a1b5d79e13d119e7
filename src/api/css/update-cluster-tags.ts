import { addTags, removeTags } from "../../domain/tags.ts";
import { commit } from "../actions/commit.ts";
import { requireCluster } from "../actions/find.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, stringEnum, tagList } from "../schema.ts";
import { Type } from "../type-builder.ts";

/** Contract section 2.1. Adds tags over those that are there, or takes some away; 204 as for every other tag action. */
export const updateClusterTags = defineOperation({
  id: "UpdateBatchClustersTags",
  method: "POST",
  path: "/v1.0/:project_id/css-cluster/:cluster_id/tags/action",
  action: "css:tag:edit",
  schemas: {
    params: clusterParams,
    body: Type.Object({ action: stringEnum(["create", "delete"]), tags: tagList }),
  },
  async handle(request, context) {
    const { principal, params, body } = request;
    const change = body.action === "create" ? addTags : removeTags;
    const resource = `cluster/${params.cluster_id}`;
    const { headers } = await commit(context, request, "changeTags", resource, async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      await tx.clusters.setTags(cluster.id, change(cluster.tags, body.tags));
      await tx.clusters.touch(cluster.id, context.clock.now());
    });
    return { status: 204, headers };
  },
});
