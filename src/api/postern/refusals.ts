import { refusingRule } from "../../domain/refusal-record.ts";
import type { KeptRefusal, Listing } from "../../domain/store.ts";
import { requireCluster } from "../actions/find.ts";
import { renderTime } from "../css/render-connections.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams, pageQuery, readPage, resourceParams } from "../schema.ts";
import { requireKeptService } from "../vpcep/find.ts";
import { requireOwn } from "./locate-endpoint.ts";
import { refusalAnswer } from "../answers/endpoint.ts";
import { pageOf } from "../answers/parts.ts";

/** What was refused of one endpoint, for its consumer: latest first. */
export const listRefusalsOfEndpoint = defineOperation({
  id: "ListRefusalsOfEndpoint",
  method: "GET",
  path: "/postern/v1/:project_id/endpoints/:id/refusals",
  action: "vpcep:endpoints:get",
  schemas: { params: resourceParams, query: pageQuery, answer: pageOf("refusals", refusalAnswer) },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      const { endpoint } = await requireOwn(tx, principal, params.id);
      return reply(await tx.refusals.listByEndpoint(endpoint.id, readPage(query)));
    });
  },
});

/** What was refused of all endpoints of a service, for its owner: latest first. */
export const listRefusalsOfService = defineOperation({
  id: "ListRefusalsOfService",
  method: "GET",
  path: "/postern/v1/:project_id/services/:id/refusals",
  action: "vpcep:connections:list",
  schemas: { params: resourceParams, query: pageQuery, answer: pageOf("refusals", refusalAnswer) },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      // Also while it is closed: that refuses, too.
      const { service } = await requireKeptService(tx, principal, params.id);
      return reply(await tx.refusals.listByService(service.id, readPage(query)));
    });
  },
});

/** The same for the service that opening a cluster made. */
export const listRefusalsOfCluster = defineOperation({
  id: "ListRefusalsOfCluster",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/refusals",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query: pageQuery, answer: pageOf("refusals", refusalAnswer) },
  async handle({ principal, params, query }, context) {
    return context.store.read(async (tx) => {
      // Closed or not, as above.
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      const service = await tx.services.findOpened(cluster.id);
      if (!service) return reply({ items: [], total: 0 });
      return reply(await tx.refusals.listByService(service.id, readPage(query)));
    });
  },
});

function reply({ items, total }: Listing<KeptRefusal>): { readonly body: object } {
  return { body: { refusals: items.map(renderRefusal), total_count: total } };
}

function renderRefusal(refusal: KeptRefusal): object {
  const { endpointId, serviceId, accountId, reason, source, firstAt, lastAt, count } = refusal;
  return {
    reason,
    rule: refusingRule(reason, endpointId, serviceId),
    // Left out where it is others together.
    ...(source === null ? {} : { source }),
    endpoint: endpointId,
    account: accountId,
    first_at: renderTime(firstAt),
    last_at: renderTime(lastAt),
    count,
  };
}
