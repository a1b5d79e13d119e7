import { originOf } from "../iam/render.ts";
import { defineOperation, type OperationRequest } from "../operation.ts";

const shared = {
  method: "GET",
  action: "vpcep:versions:get",
  access: "public",
  protocol: "vpcep",
  schemas: {},
} as const;

function versionOf(request: OperationRequest): object {
  return {
    id: "v1",
    status: "CURRENT",
    version: "1",
    min_version: "",
    updated: "2018-09-30T00:00:00Z",
    links: [{ rel: "self", href: `${originOf(request)}/v1`, type: "application/json" }],
  };
}

/** Contract section 3.9. The identity service has the same path; clients of both tell them apart by the host's name. */
export const listVersionDetails = defineOperation({
  ...shared,
  id: "ListVersionDetails",
  path: "/",
  host: /^vpcep\./i,
  handle: (request) => Promise.resolve({ body: { versions: [versionOf(request)] } }),
});

export const listSpecifiedVersionDetails = defineOperation({
  ...shared,
  id: "ListSpecifiedVersionDetails",
  path: "/v1",
  handle: (request) => Promise.resolve({ body: { version: versionOf(request) } }),
});
