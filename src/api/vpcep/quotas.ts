import { quotas } from "../../domain/quotas.ts";
import { defineOperation } from "../operation.ts";
import { projectParams, stringEnum } from "../schema.ts";
import { Type } from "../type-builder.ts";

/** Contract section 3.9. */
export const listQuotaDetails = defineOperation({
  id: "ListQuotaDetails",
  method: "GET",
  path: "/v1/:project_id/quotas",
  action: "vpcep:quotas:get",
  protocol: "vpcep",
  schemas: {
    params: projectParams,
    query: Type.Object({ type: Type.Optional(stringEnum(["endpoint_service", "endpoint"])) }),
  },
  async handle({ principal, query }, context) {
    const { services, endpoints } = await context.store.counts(principal.projectId);
    const resources = [
      { type: "endpoint", used: endpoints, quota: quotas.endpoints },
      { type: "endpoint_service", used: services, quota: quotas.services },
    ].filter(({ type }) => type === (query.type ?? type));
    return { body: { quotas: { resources } } };
  },
});
