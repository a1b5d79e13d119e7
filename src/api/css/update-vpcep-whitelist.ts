import { requireOpenedService } from "../actions/find.ts";
import { permit, whitelistBody } from "../actions/serve-service.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { nothing } from "../answers/parts.ts";

/** Contract section 1.5. */
export const updateVpcepWhitelist = defineOperation({
  id: "UpdateVpcepWhitelist",
  method: "POST",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/permissions",
  action: "css:VPCEndpoint:updateWhitelist",
  schemas: { params: clusterParams, body: whitelistBody, answer: nothing },
  handle(request, context) {
    const { params, principal, body } = request;
    return permit(context, request, body, `cluster/${params.cluster_id}`, (tx) =>
      requireOpenedService(tx, principal, params.cluster_id),
    );
  },
});
