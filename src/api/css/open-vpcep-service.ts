import { commit } from "../actions/commit.ts";
import { requireCluster } from "../actions/find.ts";
import { openService } from "../actions/open-service.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, flag, readFlag } from "../schema.ts";
import { switchedAnswer } from "../answers/service.ts";
import { Type } from "../type-builder.ts";

/** Contract section 1.1. `approval_enabled` is ours: the owner accepts each endpoint of other accounts himself. */
const body = Type.Object({
  endpoint_with_dns_name: Type.Optional(flag),
  endpointWithDnsName: Type.Optional(flag),
  profession_vpcep: Type.Optional(flag),
  professionVpcep: Type.Optional(flag),
  dualstack_enable: Type.Optional(flag),
  dualstackEnable: Type.Optional(flag),
  approval_enabled: Type.Optional(flag),
});

export const openVpcepService = defineOperation({
  id: "StartVpcep",
  method: "POST",
  path: "/v1.0/:project_id/clusters/:cluster_id/vpcepservice/open",
  action: "css:VPCEndpoint:enableOrDisable",
  schemas: { params: clusterParams, body, answer: switchedAnswer },
  async handle(request, context) {
    const { body: wish } = request;
    const options = {
      dnsEnabled: readFlag(wish.endpoint_with_dns_name, wish.endpointWithDnsName),
      professional: readFlag(wish.profession_vpcep, wish.professionVpcep),
      dualStack: readFlag(wish.dualstack_enable, wish.dualstackEnable),
      approvalEnabled: wish.approval_enabled === undefined ? undefined : readFlag(wish.approval_enabled),
    };
    const resource = `cluster/${request.params.cluster_id}`;
    const { headers } = await commit(context, request, "startVpcep", resource, async (tx, revision) => {
      const cluster = await requireCluster(tx, request.principal, request.params.cluster_id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      await openService(tx, context, request.principal, cluster, options, revision);
    });
    return { headers, body: { action: "createVpcepservice" } };
  },
});
