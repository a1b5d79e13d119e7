import { PosternError } from "../../domain/errors.ts";
import { endpointServiceName } from "../../domain/names.ts";
import type { EndpointService } from "../../domain/resources.ts";
import { requireOwnPorts } from "../../domain/service-ports.ts";
import type { Repositories } from "../../domain/store.ts";
import { commit } from "../actions/commit.ts";
import { requireUnused } from "../actions/find.ts";
import { readPorts } from "../actions/service-ports.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation, type ApiContext, type OperationRequest } from "../operation.ts";
import { readFlag } from "../schema.ts";
import { requireOwnService, type OwnService } from "./find.ts";
import { renderService } from "./render-service.ts";
import { description, id, nullableFlag, portList, serviceParams } from "./schema.ts";
import { Type } from "../type-builder.ts";

type ServiceRequest = Omit<OperationRequest, "params" | "query" | "body"> & {
  readonly params: { readonly service_id: string };
};

/** Changes a service as one durable, enforced write. @param work returns the service as it is to be */
async function change(
  context: ApiContext,
  request: ServiceRequest,
  action: string,
  work: (tx: Repositories, own: OwnService) => Promise<EndpointService>,
): Promise<OwnService & { readonly headers: Readonly<Record<string, string>> }> {
  const { principal, ifMatch, params } = request;
  const plain = { ...request, params: undefined, query: undefined, body: undefined };
  const { result, headers } = await commit(
    context,
    plain,
    action,
    `service/${params.service_id}`,
    async (tx) => {
      const own = await requireOwnService(tx, principal, params.service_id);
      checkIfMatch(ifMatch, clusterEtag(own.cluster));
      const now = context.clock.now();
      const service = { ...(await work(tx, own)), updatedAt: now };
      await tx.services.update(service);
      await tx.clusters.touch(own.cluster.id, now);
      return { service, cluster: own.cluster };
    },
  );
  return { ...result, headers };
}

const wish = Type.Object({
  approval_enabled: Type.Optional(nullableFlag),
  service_name: Type.Optional(Type.String({ pattern: "^[a-zA-Z0-9_-]{0,16}$" })),
  ports: Type.Optional(portList),
  port_id: Type.Optional(id),
  tcp_proxy: Type.Optional(Type.String({ maxLength: 16 })),
  description: Type.Optional(description),
});

export const updateEndpointService = defineOperation({
  id: "UpdateEndpointService",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id",
  action: "vpcep:epservices:update",
  protocol: "vpcep",
  schemas: { params: serviceParams, body: wish },
  async handle(request, context) {
    const { body } = request;
    const work = async (tx: Repositories, { service, cluster }: OwnService): Promise<EndpointService> => {
      if (![undefined, cluster.id, cluster.name].includes(body.port_id)) throw fixed("port_id");
      if (!["close", "", undefined].includes(body.tcp_proxy)) throw fixed("tcp_proxy");
      if (body.ports && service.origin === "css") throw fixed("ports");
      const ports = body.ports && readPorts(body.ports);
      if (ports) {
        const present = await tx.services.allOfCluster(cluster.id);
        const others = present.filter((other) => other.id !== service.id);
        requireOwnPorts(cluster, others, ports);
      }
      return {
        ...service,
        ...(body.service_name
          ? { name: endpointServiceName(context.region, body.service_name, service.id) }
          : {}),
        approvalEnabled: readFlag(body.approval_enabled ?? service.approvalEnabled),
        description: body.description ?? service.description,
        ports: ports ?? service.ports,
      };
    };
    const { service, cluster, headers } = await change(context, request, "updateEndpointService", work);
    return { headers, body: renderService(service, cluster) };
  },
});

function fixed(field: string): PosternError {
  return new PosternError(
    "state_forbids",
    `${field} of this endpoint service cannot be changed. Leave it out.`,
  );
}

export const updateEndpointServiceName = defineOperation({
  id: "UpdateEndpointServiceName",
  method: "PUT",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id/name",
  action: "vpcep:epservices:update",
  protocol: "vpcep",
  schemas: {
    params: serviceParams,
    body: Type.Object({ endpoint_service_name: Type.String({ pattern: "^[a-zA-Z0-9_-]{1,16}$" }) }),
  },
  async handle(request, context) {
    const label = request.body.endpoint_service_name;
    const { service, headers } = await change(context, request, "renameEndpointService", (_tx, own) =>
      Promise.resolve({ ...own.service, name: endpointServiceName(context.region, label, own.service.id) }),
    );
    return { headers, body: { endpoint_service_name: service.name } };
  },
});

/** From now on the service offers professional endpoints; those that are there stay as they are. */
export const upgradeEndpointService = defineOperation({
  id: "UpgradeEndpointService",
  method: "POST",
  path: "/v2/:project_id/vpc-endpoint-services/:service_id/upgrade",
  action: "vpcep:epservices:update",
  protocol: "vpcep",
  schemas: { params: serviceParams },
  async handle(request, context) {
    const { headers } = await change(context, request, "upgradeEndpointService", (_tx, own) =>
      Promise.resolve({ ...own.service, professional: true }),
    );
    return { status: 204, headers };
  },
});

export const deleteEndpointService = defineOperation({
  id: "DeleteEndpointService",
  method: "DELETE",
  path: "/v1/:project_id/vpc-endpoint-services/:service_id",
  action: "vpcep:epservices:delete",
  protocol: "vpcep",
  schemas: { params: serviceParams },
  async handle(request, context) {
    const wanted = request.params.service_id;
    const resource = `service/${wanted}`;
    const { headers } = await commit(context, request, "deleteEndpointService", resource, async (tx) => {
      const { service, cluster } = await requireOwnService(tx, request.principal, wanted);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      requireDeletable(service, cluster.name);
      await requireUnused(tx, service);
      await tx.services.delete(service.id);
      await tx.clusters.touch(cluster.id, context.clock.now());
    });
    return { status: 204, headers };
  },
});

/** @throws PosternError state_forbids */
function requireDeletable(service: EndpointService, cluster: string): void {
  if (service.origin === "vpcep") return;
  throw new PosternError(
    "state_forbids",
    `The service belongs to cluster ${cluster}. Close it there: PUT /v1.0/…/vpcepservice/close.`,
  );
}
