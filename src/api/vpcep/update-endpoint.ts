import { PosternError } from "../../domain/errors.ts";
import { parseSources } from "../../domain/source-whitelist.ts";
import { endpointSpecification } from "../../domain/specification.ts";
import { commit } from "../actions/commit.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { requireOwn } from "../postern/locate-endpoint.ts";
import { readFlag, stringEnum } from "../schema.ts";
import { renderEndpoint } from "./render-endpoint.ts";
import { endpointParams, nullableFlag, sourceList } from "./schema.ts";
import { Type } from "../type-builder.ts";

/** Sessions of sources that the new list does not admit are cut before this is answered. */
export const updateEndpointWhite = defineOperation({
  id: "UpdateEndpointWhite",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id",
  action: "vpcep:endpoints:update",
  protocol: "vpcep",
  schemas: {
    params: endpointParams,
    body: Type.Object({
      whitelist: Type.Optional(sourceList),
      enable_whitelist: Type.Optional(nullableFlag),
    }),
  },
  async handle(request, context) {
    const { endpoint_id: id } = request.params;
    const { whitelist, enable_whitelist: isEnabled } = request.body;
    const sources = whitelist === undefined ? undefined : parseSources(whitelist ?? []);
    const { headers } = await commit(
      context,
      request,
      "updateEndpointWhite",
      `endpoint/${id}`,
      async (tx) => {
        const { endpoint, cluster } = await requireOwn(tx, request.principal, id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        if (endpoint.phase === "failed") {
          throw new PosternError(
            "endpoint_failed",
            `Endpoint ${id} has failed: ${endpoint.failureMessage ?? ""} Delete it, or repair that first.`,
          );
        }
        const now = context.clock.now();
        const sourceWhitelist = sources ?? endpoint.sourceWhitelist;
        const sourceWhitelistEnabled = readFlag(isEnabled ?? endpoint.sourceWhitelistEnabled);
        await tx.endpoints.setDetails(
          endpoint.id,
          { ...endpoint, sourceWhitelist, sourceWhitelistEnabled },
          now,
        );
        await tx.clusters.touch(cluster.id, now);
      },
    );
    const { endpoint, service } = await context.store.read((tx) => requireOwn(tx, request.principal, id));
    return { headers, body: renderEndpoint(endpoint, service, context) };
  },
});

/** Makes an endpoint a professional one, which its service must offer. */
export const upgradeEndpoint = defineOperation({
  id: "UpgradeEndpoint",
  method: "POST",
  path: "/v2/:project_id/vpc-endpoints/:endpoint_id/upgrade",
  action: "vpcep:endpoints:update",
  protocol: "vpcep",
  schemas: { params: endpointParams, body: Type.Object({ action: stringEnum(["start"]) }) },
  async handle(request, context) {
    const { endpoint_id: id } = request.params;
    const { headers } = await commit(context, request, "upgradeEndpoint", `endpoint/${id}`, async (tx) => {
      const { endpoint, service, cluster } = await requireOwn(tx, request.principal, id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      if (!service.professional) {
        throw new PosternError(
          "state_forbids",
          `The service ${service.name} is a basic one. Its owner has to upgrade it first.`,
        );
      }
      const { name, maxSession } = endpointSpecification(true);
      if (endpoint.specificationName === name) return;
      const now = context.clock.now();
      await tx.endpoints.setOffer(endpoint.id, { ...endpoint, specificationName: name, maxSession }, now);
      await tx.clusters.touch(cluster.id, now);
    });
    return { status: 202, headers };
  },
});
