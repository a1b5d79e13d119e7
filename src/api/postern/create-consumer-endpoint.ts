import { PosternError } from "../../domain/errors.ts";
import type { ClusterId, ServiceId } from "../../domain/ids.ts";
import type { EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { requireAdmission } from "../actions/admission.ts";
import { commit } from "../actions/commit.ts";
import { createEndpoint } from "../actions/create-endpoint.ts";
import { requireEnabledService, requireSubnet } from "../actions/find.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { flag, projectParams, readFlag } from "../schema.ts";
import { clusterOf, ownerOf } from "./locate-endpoint.ts";
import { renderEndpoint } from "./render.ts";
import { endpointAnswer } from "../answers/endpoint.ts";
import { Type } from "../type-builder.ts";

const wish = Type.Object({
  /** Name or id of a service; name or id of a cluster of the caller's own. */
  service: Type.String({ minLength: 1, maxLength: 200 }),
  vpc_id: Type.Optional(Type.String({ maxLength: 64 })),
  subnet_id: Type.Optional(Type.String({ maxLength: 64 })),
  ip: Type.Optional(Type.String({ maxLength: 64 })),
  /** Whether it gets an IPv6 address too: where the service is professional, and the subnet has IPv6. */
  dual_stack: Type.Optional(flag),
  ip6: Type.Optional(Type.String({ maxLength: 64 })),
  enable_dns: Type.Optional(flag),
  max_session: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  description: Type.Optional(Type.String({ maxLength: 512, pattern: "^[^<>]*$" })),
});

export const createConsumerEndpoint = defineOperation({
  id: "CreateConsumerEndpoint",
  method: "POST",
  path: "/postern/v1/:project_id/endpoints",
  action: "vpcep:endpoints:create",
  schemas: { params: projectParams, body: wish, answer: endpointAnswer },
  async handle(request, context) {
    const { body, principal } = request;
    const { result, headers } = await commit(
      context,
      request,
      "createEndpoint",
      `service/${body.service}`,
      async (tx, revision) => {
        const service = await requireService(tx, principal, body.service);
        const cluster = await clusterOf(tx, service);
        const owner = await ownerOf(tx, service);
        await requireAdmission(tx, service, owner, principal.accountId);
        const { vpc, subnet } = await requireSubnet(tx, principal, body.vpc_id, body.subnet_id);
        const endpoint = await createEndpoint(
          tx,
          {
            service,
            accountId: principal.accountId,
            projectId: principal.projectId,
            subnet,
            needsApproval: service.approvalEnabled && principal.accountId !== owner,
            dnsEnabled: readFlag(body.enable_dns),
            address: body.ip,
            isDualStack: readFlag(body.dual_stack),
            address6: body.ip6,
            maxSession: body.max_session,
            description: body.description,
          },
          revision,
          context.clock.now(),
        );
        await tx.clusters.touch(cluster.id, context.clock.now());
        return { id: endpoint.id, service, cluster, vpc };
      },
    );
    // Read once more: the gateway that carries it by now has made it ready.
    const endpoint = await context.store.endpoints.find(result.id);
    if (!endpoint) throw new PosternError("endpoint_not_found", `Endpoint ${result.id} is deleted already.`);
    const { service, cluster, vpc } = result;
    const unattachedVpcs = new Set(vpc.attachment.kind === "none" ? [vpc.id] : []);
    return { headers, body: renderEndpoint(endpoint, service, cluster, { ...context, unattachedVpcs }) };
  },
});

/** @throws PosternError resource_not_found, service_not_enabled */
async function requireService(
  tx: Repositories,
  principal: Principal,
  named: string,
): Promise<EndpointService> {
  const service =
    (await tx.services.findByName(named)) ??
    (await tx.services.find(named as ServiceId)) ??
    (await serviceOfOwnCluster(tx, principal, named));
  if (!service) {
    throw new PosternError(
      "resource_not_found",
      `No endpoint service is called ${named}. Ask its owner for the service name: region.name.id`,
    );
  }
  if (service.enabled) return service;
  throw new PosternError("service_not_enabled", `The endpoint service ${service.name} is not enabled.`);
}

async function serviceOfOwnCluster(
  tx: Repositories,
  principal: Principal,
  named: string,
): Promise<EndpointService | undefined> {
  const cluster =
    (await tx.clusters.findByName(principal.projectId, named)) ??
    (await tx.clusters.find(named as ClusterId));
  if (cluster?.projectId !== principal.projectId) return undefined;
  return requireEnabledService(tx, cluster);
}
