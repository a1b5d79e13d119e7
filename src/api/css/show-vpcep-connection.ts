import { connectionsQuery, showConnections } from "../actions/serve-service.ts";
import { requireOpenedService } from "../actions/find.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { connectionsAnswer } from "../answers/service.ts";

/** Contract section 1.3. */
export const showVpcepConnection = defineOperation({
  id: "ShowVpcepConnection",
  method: "GET",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/connections",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query: connectionsQuery, answer: connectionsAnswer },
  isCacheable: true,
  handle: ({ principal, params, query }, context) =>
    showConnections(context, query, (tx) => requireOpenedService(tx, principal, params.cluster_id)),
});
