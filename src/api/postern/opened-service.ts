import type { Static } from "typebox";
import { commit } from "../actions/commit.ts";
import { requireOpenedService } from "../actions/find.ts";
import { changeOffer } from "../actions/open-service.ts";
import { openedServiceAnswer } from "../answers/cluster.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, flag, readFlag } from "../schema.ts";
import { renderOpenedService } from "./render.ts";
import { Type } from "../type-builder.ts";

/** What is left out stays as it is. */
const body = Type.Object({
  dns: Type.Optional(flag),
  professional: Type.Optional(flag),
  /** Gives the owner's own endpoint an IPv6 address; it is never taken away again. */
  dual_stack: Type.Optional(flag),
  approval_enabled: Type.Optional(flag),
});

/** Changes what the open service of a cluster offers; nobody's session is cut, and nobody's endpoint gets less. */
export const updateOpenedService = defineOperation({
  id: "UpdateOpenedService",
  method: "PUT",
  path: "/postern/v1/:project_id/clusters/:cluster_id/service",
  action: "css:VPCEndpoint:enableOrDisable",
  schemas: { params: clusterParams, body, answer: openedServiceAnswer },
  async handle(request, context) {
    const { params, principal, body: wish } = request;
    const options = {
      dnsEnabled: readWish(wish.dns),
      professional: readWish(wish.professional),
      dualStack: readWish(wish.dual_stack),
      approvalEnabled: readWish(wish.approval_enabled),
    };
    const resource = `cluster/${params.cluster_id}`;
    const { result, headers } = await commit(
      context,
      request,
      "updateService",
      resource,
      async (tx, revision) => {
        const opened = await requireOpenedService(tx, principal, params.cluster_id);
        checkIfMatch(request.ifMatch, clusterEtag(opened.cluster));
        const now = context.clock.now();
        return changeOffer(tx, principal, opened, options, { revision, now });
      },
    );
    return { headers, body: renderOpenedService(result) };
  },
});

function readWish(wish: Static<typeof flag> | undefined): boolean | undefined {
  return wish === undefined ? undefined : readFlag(wish);
}
