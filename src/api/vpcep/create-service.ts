import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type ClusterId, type ServiceId } from "../../domain/ids.ts";
import { endpointServiceName } from "../../domain/names.ts";
import { checkQuota } from "../../domain/quotas.ts";
import type { Cluster, EndpointService } from "../../domain/resources.ts";
import { requireOwnPorts } from "../../domain/service-ports.ts";
import type { Repositories } from "../../domain/store.ts";
import { addTags } from "../../domain/tags.ts";
import { commit } from "../actions/commit.ts";
import { requireVpc } from "../actions/find.ts";
import { readPorts } from "../actions/service-ports.ts";
import { clusterEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { projectParams, readFlag, stringEnum, tagList } from "../schema.ts";
import { renderService } from "./render-service.ts";
import { description, id, nullableFlag, portList } from "./schema.ts";
import { Type } from "../type-builder.ts";

/** Contract section 3.2. */
const wish = Type.Object({
  /** Id or name of a cluster of the caller's own: what stands for a load balancer's port here. */
  port_id: id,
  vpc_id: id,
  server_type: stringEnum(["VM", "VIP", "LB", "BMS"]),
  ports: portList,
  service_name: Type.Optional(Type.String({ pattern: "^[a-zA-Z0-9_-]{0,16}$" })),
  approval_enabled: Type.Optional(nullableFlag),
  service_type: Type.Optional(Type.String({ maxLength: 16 })),
  tcp_proxy: Type.Optional(Type.String({ maxLength: 16 })),
  ip_version: Type.Optional(Type.String({ maxLength: 16 })),
  enable_policy: Type.Optional(nullableFlag),
  tags: Type.Optional(tagList),
  description: Type.Optional(description),
});

export const createEndpointService = defineOperation({
  id: "CreateEndpointService",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoint-services",
  action: "vpcep:epservices:create",
  protocol: "vpcep",
  schemas: { params: projectParams, body: wish },
  async handle(request, context) {
    const { body, principal } = request;
    refuseUnsupported(body);
    const tags = addTags([], body.tags ?? []);
    const resource = `cluster/${body.port_id}`;
    const { result, headers } = await commit(
      context,
      request,
      "createEndpointService",
      resource,
      async (tx) => {
        checkQuota("services", (await tx.counts(principal.projectId)).services);
        const cluster = await requireBackend(tx, principal, body);
        const ports = readPorts(body.ports);
        requireOwnPorts(cluster, await tx.services.allOfCluster(cluster.id), ports);
        const serviceId = newUuid<ServiceId>();
        const now = context.clock.now();
        const service: EndpointService = {
          id: serviceId,
          clusterId: cluster.id,
          projectId: principal.projectId,
          name: endpointServiceName(context.region, body.service_name ?? "", serviceId),
          enabled: true,
          updateSwitch: true,
          approvalEnabled: readFlag(body.approval_enabled ?? true),
          dnsEnabled: false,
          professional: false,
          reconcileConnections: true,
          origin: "vpcep",
          ports,
          description: body.description ?? "",
          tags,
          createdAt: now,
          updatedAt: now,
        };
        await tx.services.insert(service);
        await tx.clusters.touch(cluster.id, now);
        return { service, cluster: { ...cluster, version: cluster.version + 1 } };
      },
    );
    const { service, cluster } = result;
    return { headers: { ...headers, etag: clusterEtag(cluster) }, body: renderService(service, cluster) };
  },
});

function refuseUnsupported(body: Static<typeof wish>): void {
  const { service_type: type = "interface", ip_version: version = "ipv4", tcp_proxy: proxy = "close" } = body;
  if (!["interface", ""].includes(type)) {
    throw new PosternError("unsupported", `A service of the type ${type} is not supported. Use interface.`);
  }
  if (!["ipv4", ""].includes(version)) {
    throw new PosternError(
      "unsupported",
      "A service of IPv6 alone is not supported: its endpoints have IPv4 or both. Set ip_version to ipv4.",
    );
  }
  if (!["close", ""].includes(proxy)) {
    throw new PosternError("unsupported", `tcp_proxy ${proxy} is not supported. Use close.`);
  }
  if (readFlag(body.enable_policy ?? false)) {
    throw new PosternError(
      "policy_unsupported",
      "Endpoint policies are not supported. Leave enable_policy out.",
    );
  }
}

/** @throws PosternError vpc_not_found, backend_not_found, backend_not_in_vpc */
async function requireBackend(
  tx: Repositories,
  principal: Principal,
  { port_id: named, vpc_id: vpcId }: Static<typeof wish>,
): Promise<Cluster> {
  const vpc = await requireVpc(tx, principal, vpcId);
  const cluster =
    (await tx.clusters.find(named as ClusterId)) ??
    (await tx.clusters.findByName(principal.projectId, named));
  if (cluster?.projectId !== principal.projectId || cluster.state === "released") {
    throw new PosternError(
      "backend_not_found",
      `port_id ${named} is neither the id nor the name of a registered cluster. Register the cluster first.`,
    );
  }
  if (cluster.vpcId !== vpc.id) {
    throw new PosternError(
      "backend_not_in_vpc",
      `Cluster ${cluster.name} is in VPC ${cluster.vpcId}, not ${vpcId}.`,
    );
  }
  return cluster;
}
