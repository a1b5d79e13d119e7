import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { whitelistLimit } from "../../domain/whitelist.ts";
import { commit } from "../actions/commit.ts";
import { requireCluster, requireEnabledService } from "../actions/find.ts";
import { replaceWhitelist } from "../actions/replace-whitelist.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, flag, readFlag } from "../schema.ts";

const accounts = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: whitelistLimit });

/**
 * Contract section 1.5. `reconcile_connections` is ours and is kept with the service: whether accounts that leave
 * the whitelist lose the connections that they have.
 */
const body = Type.Object({
  vpc_permissions: Type.Optional(accounts),
  vpcPermissions: Type.Optional(accounts),
  reconcile_connections: Type.Optional(flag),
});

export const updateVpcepWhitelist = defineOperation({
  id: "UpdateVpcepWhitelist",
  method: "POST",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/permissions",
  action: "css:VPCEndpoint:updateWhitelist",
  schemas: { params: clusterParams, body },
  async handle(request, context) {
    const { vpc_permissions: entries = request.body.vpcPermissions, reconcile_connections: reconcile } =
      request.body;
    if (entries === undefined) throw new PosternError("missing_parameter", "The body lacks vpc_permissions.");
    const resource = `cluster/${request.params.cluster_id}`;
    const { headers } = await commit(context, request, "updateVpcepWhitelist", resource, async (tx) => {
      const { principal } = request;
      const cluster = await requireCluster(tx, principal, request.params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const present = await requireEnabledService(tx, cluster);
      const now = context.clock.now();
      const reconcileConnections =
        reconcile === undefined ? present.reconcileConnections : readFlag(reconcile);
      const service = { ...present, reconcileConnections, updatedAt: now };
      await tx.services.update(service);
      await replaceWhitelist(tx, service, principal.accountId, entries, now);
      await tx.clusters.touch(cluster.id, now);
    });
    return { headers, body: {} };
  },
});
