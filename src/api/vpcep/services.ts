import { PosternError } from "../../domain/errors.ts";
import type { ServiceId } from "../../domain/ids.ts";
import type { EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { isWhitelisted } from "../../domain/whitelist.ts";
import { clusterEtag, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { clusterOf, ownerOf } from "../postern/locate-endpoint.ts";
import { projectParams, stringEnum } from "../schema.ts";
import { requireOwnService } from "./find.ts";
import { pagingFields, readPaging } from "./paging.ts";
import { renderOffer, renderService } from "./render-service.ts";
import { id, serviceParams } from "./schema.ts";
import { Type } from "../type-builder.ts";

const name = Type.String({ minLength: 1, maxLength: 128 });

const listQuery = Type.Object({
  ...pagingFields,
  endpoint_service_name: Type.Optional(name),
  id: Type.Optional(id),
  status: Type.Optional(stringEnum(["creating", "available", "failed", "deleting"])),
  server_type: Type.Optional(Type.String({ maxLength: 16 })),
  net_type: Type.Optional(stringEnum(["vlan", "vxlan", "all"])),
  public_border_group: Type.Optional(Type.String({ maxLength: 64 })),
});

export const listEndpointService = defineOperation({
  id: "ListEndpointService",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services",
  action: "vpcep:epservices:list",
  protocol: "vpcep",
  schemas: { params: projectParams, query: listQuery },
  async handle({ principal, query }, context) {
    // Whatever is there is available, and stands for a load balancer.
    if ((query.status ?? "available") !== "available" || (query.server_type ?? "LB") !== "LB") {
      return { body: { endpoint_services: [], total_count: 0 } };
    }
    return context.store.read(async (tx) => {
      const { items, total } = await tx.services.listByProject(
        principal.projectId,
        { id: query.id, name: query.endpoint_service_name },
        readPaging(query),
      );
      const services: object[] = [];
      for (const service of items) {
        const rendered = renderService(service, await clusterOf(tx, service));
        const connections = await tx.endpoints.countActive(service.id);
        services.push({ ...rendered, domain_id: principal.accountId, connection_count: connections });
      }
      return { body: { endpoint_services: services, total_count: total } };
    });
  },
});

export const listServiceDetails = defineOperation({
  id: "ListServiceDetails",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id",
  action: "vpcep:epservices:get",
  protocol: "vpcep",
  schemas: { params: serviceParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const { service, cluster } = await requireOwnService(tx, principal, params.service_id);
      const connections = await tx.endpoints.countActive(service.id);
      const body = { ...renderService(service, cluster), connection_count: connections };
      return { headers: { etag: clusterEtag(cluster) }, body };
    });
  },
});

/** Services that admit every account, of whatever project. */
export const listServicePublicDetails = defineOperation({
  id: "ListServicePublicDetails",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services/public",
  action: "vpcep:pubEpservices:list",
  protocol: "vpcep",
  schemas: {
    params: projectParams,
    query: Type.Object({
      ...pagingFields,
      endpoint_service_name: Type.Optional(name),
      id: Type.Optional(id),
    }),
  },
  async handle({ query }, context) {
    return context.store.read(async (tx) => {
      const { items, total } = await tx.services.listOpenToEveryone(
        { id: query.id, name: query.endpoint_service_name },
        readPaging(query),
      );
      const services: object[] = [];
      for (const service of items) {
        services.push({ ...renderOffer(service), owner: await ownerOf(tx, service) });
      }
      return { body: { endpoint_services: services, total_count: total } };
    });
  },
});

export const listServiceDescribeDetails = defineOperation({
  id: "ListServiceDescribeDetails",
  method: "GET",
  path: "/v1/:project_id/vpc-endpoint-services/describe",
  action: "vpcep:epserviceDesc:get",
  protocol: "vpcep",
  schemas: {
    params: projectParams,
    query: Type.Object({ endpoint_service_name: Type.Optional(name), id: Type.Optional(id) }),
  },
  async handle({ principal, query: { id: wantedId, endpoint_service_name: wantedName } }, context) {
    if ((wantedId === undefined) === (wantedName === undefined)) {
      throw new PosternError("bad_parameter", "Give either endpoint_service_name or id, and not both.");
    }
    return context.store.read(async (tx) => {
      const service =
        wantedName === undefined
          ? await tx.services.find(wantedId as ServiceId)
          : await tx.services.findByName(wantedName);
      if (service?.enabled && (await maySee(tx, principal, service))) {
        const body = renderOffer(service);
        return { headers: { etag: contentEtag(body) }, body };
      }
      throw new PosternError(
        "resource_not_found",
        `There is no endpoint service ${wantedName ?? wantedId}, or this account may not connect to it.`,
      );
    });
  },
});

async function maySee(tx: Repositories, principal: Principal, service: EndpointService): Promise<boolean> {
  const permissions = (await tx.services.permissions(service.id)).map((entry) => entry.permission);
  return isWhitelisted(permissions, await ownerOf(tx, service), principal.accountId);
}
