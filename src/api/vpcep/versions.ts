import { originOf } from "../iam/render.ts";
import { defineOperation } from "../operation.ts";

/** Contract section 3.9. The list of all versions at `/` is the identity service's: both live on one host here. */
export const listSpecifiedVersionDetails = defineOperation({
  id: "ListSpecifiedVersionDetails",
  method: "GET",
  path: "/v1",
  action: "vpcep:versions:get",
  access: "public",
  protocol: "vpcep",
  schemas: {},
  handle(request) {
    const version = {
      id: "v1",
      status: "CURRENT",
      version: "1",
      min_version: "",
      updated: "2018-09-30T00:00:00Z",
      links: [{ rel: "self", href: `${originOf(request)}/v1`, type: "application/json" }],
    };
    return Promise.resolve({ body: { version } });
  },
});
