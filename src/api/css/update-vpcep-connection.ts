import { requireOpenedService } from "../actions/find.ts";
import { decide, decisionBody } from "../actions/serve-service.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { nothing } from "../answers/parts.ts";

/** Contract section 1.4. */
export const updateVpcepConnection = defineOperation({
  id: "UpdateVpcepConnection",
  method: "POST",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/connections",
  action: "css:VPCEndpoint:manageConnection",
  schemas: { params: clusterParams, body: decisionBody, answer: nothing },
  handle(request, context) {
    const { params, principal, body } = request;
    return decide(context, request, body, `cluster/${params.cluster_id}`, (tx) =>
      requireOpenedService(tx, principal, params.cluster_id),
    );
  },
});
