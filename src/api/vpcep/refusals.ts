import type { ErrorKind } from "../../domain/errors.ts";
import { PosternError } from "../../domain/errors.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { requireOwn } from "../postern/locate-endpoint.ts";
import { requireOwnService } from "./find.ts";
import { endpointParams, serviceParams } from "./schema.ts";

type Refusal = Pick<Operation, "id" | "method" | "path"> & {
  readonly kind: ErrorKind;
  readonly message: string;
};

/** An operation that an endpoint of this kind never has: whoever may see the endpoint is told why. */
function refuseOnEndpoint({ id, method, path, kind, message }: Refusal): Operation {
  return defineOperation({
    id,
    method,
    path,
    action: "vpcep:endpoints:update",
    protocol: "vpcep",
    schemas: { params: endpointParams },
    async handle({ principal, params }, context) {
      await context.store.read((tx) => requireOwn(tx, principal, params.endpoint_id));
      throw new PosternError(kind, message);
    },
  });
}

export const updateEndpointPolicy = refuseOnEndpoint({
  id: "UpdateEndpointPolicy",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id/policy",
  kind: "policy_unsupported",
  message: "Endpoint policies are not supported. Restrict sources by the endpoint's whitelist instead.",
});

export const deleteEndpointPolicy = refuseOnEndpoint({
  id: "DeleteEndpointPolicy",
  method: "DELETE",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id/policy",
  kind: "policy_missing",
  message: "The endpoint has no policy, so there is none to delete.",
});

export const updateEndpointRoutetable = refuseOnEndpoint({
  id: "UpdateEndpointRoutetable",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoints/:endpoint_id/routetables",
  kind: "route_table_missing",
  message: "An interface endpoint has no route tables; only gateway endpoints have, and there are none here.",
});

export const addEndpointServiceServerResource = defineOperation({
  id: "AddEndpointServiceServerResource",
  method: "POST",
  path: "/v2/:project_id/vpc-endpoint-services/:service_id/add-server-resources",
  action: "vpcep:epservices:update",
  protocol: "vpcep",
  schemas: { params: serviceParams },
  async handle({ principal, params }, context) {
    await context.store.read((tx) => requireOwnService(tx, principal, params.service_id));
    throw new PosternError(
      "unsupported",
      "The servers of the service are the nodes of its cluster. Register a cluster with more nodes instead.",
    );
  },
});
