import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { ServiceId, SubnetId } from "../../domain/ids.ts";
import type { EndpointService, Subnet } from "../../domain/resources.ts";
import { parseSources } from "../../domain/source-whitelist.ts";
import type { Repositories } from "../../domain/store.ts";
import { addTags } from "../../domain/tags.ts";
import { requireAdmission } from "../actions/admission.ts";
import { commit } from "../actions/commit.ts";
import { createEndpoint as insertEndpoint } from "../actions/create-endpoint.ts";
import { requireVpc } from "../actions/find.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { clusterOf, ownerOf } from "../postern/locate-endpoint.ts";
import { projectParams, readFlag, tagList } from "../schema.ts";
import { renderEndpoint } from "./render-endpoint.ts";
import { description, id, nullableFlag, sourceList } from "./schema.ts";
import { Type } from "../type-builder.ts";

/** Contract section 3.6. */
const wish = Type.Object({
  endpoint_service_id: id,
  vpc_id: id,
  subnet_id: id,
  enable_dns: Type.Optional(nullableFlag),
  port_ip: Type.Optional(Type.String({ maxLength: 64 })),
  ip_version: Type.Optional(Type.String({ maxLength: 16 })),
  ipv6_address: Type.Optional(Type.String({ maxLength: 64 })),
  whitelist: Type.Optional(sourceList),
  enable_whitelist: Type.Optional(nullableFlag),
  routetables: Type.Optional(Type.Union([Type.Array(Type.String({ maxLength: 64 })), Type.Null()])),
  policy_statement: Type.Optional(Type.Unknown()),
  policy_document: Type.Optional(Type.Unknown()),
  tags: Type.Optional(tagList),
  description: Type.Optional(description),
});

type Wish = Static<typeof wish>;

export const createEndpoint = defineOperation({
  id: "CreateEndpoint",
  method: "POST",
  path: "/v1/:project_id/vpc-endpoints",
  action: "vpcep:endpoints:create",
  protocol: "vpcep",
  schemas: { params: projectParams, body: wish },
  async handle(request, context) {
    const { body, principal } = request;
    refuseGatewayType(body);
    const isDualStack = readDualStack(body.ip_version);
    const sources = {
      sourceWhitelistEnabled: readFlag(body.enable_whitelist ?? false),
      sourceWhitelist: parseSources(body.whitelist ?? []),
    };
    const tags = addTags([], body.tags ?? []);
    const resource = `service/${body.endpoint_service_id}`;
    const { result, headers } = await commit(
      context,
      request,
      "createEndpoint",
      resource,
      async (tx, revision) => {
        const service = await requireService(tx, body.endpoint_service_id);
        const owner = await ownerOf(tx, service);
        await requireAdmission(tx, service, owner, principal.accountId);
        const now = context.clock.now();
        const endpoint = await insertEndpoint(
          tx,
          {
            service,
            accountId: principal.accountId,
            projectId: principal.projectId,
            subnet: await requireSubnetOf(tx, principal, body.vpc_id, body.subnet_id),
            needsApproval: service.approvalEnabled && principal.accountId !== owner,
            dnsEnabled: readFlag(body.enable_dns ?? false),
            address: body.port_ip === "" ? undefined : body.port_ip,
            isDualStack,
            address6: body.ipv6_address === "" ? undefined : body.ipv6_address,
            description: body.description,
            sources,
            tags,
          },
          revision,
          now,
        );
        await tx.clusters.touch((await clusterOf(tx, service)).id, now);
        return { id: endpoint.id, service };
      },
    );
    const endpoint = await context.store.endpoints.find(result.id);
    if (!endpoint)
      throw new PosternError("endpoint_not_found", `Endpoint ${result.id} was deleted meanwhile.`);
    return { headers, body: renderEndpoint(endpoint, result.service) };
  },
});

function isFilled(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined && value !== null;
  return Object.keys(value).length > 0;
}

/** @throws PosternError policy_unsupported, route_table_missing */
function refuseGatewayType(body: Wish): void {
  if (isFilled(body.policy_statement) || isFilled(body.policy_document)) {
    throw new PosternError(
      "policy_unsupported",
      "Endpoint policies are not supported. Leave the policy out.",
    );
  }
  if (isFilled(body.routetables)) {
    throw new PosternError(
      "route_table_missing",
      "An interface endpoint has no route tables. Leave routetables out.",
    );
  }
}

/** @throws PosternError unsupported */
function readDualStack(version = "ipv4"): boolean {
  if (["ipv4", "dualstack", ""].includes(version)) return version === "dualstack";
  throw new PosternError(
    "unsupported",
    `Endpoints with ip_version ${version} are not supported. Set it to ipv4 or dualstack.`,
  );
}

/** @throws PosternError service_missing, service_not_enabled */
async function requireService(tx: Repositories, wanted: string): Promise<EndpointService> {
  const service = await tx.services.find(wanted as ServiceId);
  if (!service) {
    throw new PosternError(
      "service_missing",
      `There is no endpoint service ${wanted}. Ask its owner for its id.`,
    );
  }
  if (service.enabled) return service;
  throw new PosternError("service_not_enabled", `The endpoint service ${service.name} is not enabled.`);
}

/** @throws PosternError vpc_not_found, subnet_not_in_vpc */
async function requireSubnetOf(
  tx: Repositories,
  principal: Principal,
  vpcId: string,
  subnetId: string,
): Promise<Subnet> {
  const vpc = await requireVpc(tx, principal, vpcId);
  const subnet = await tx.networks.subnet(subnetId as SubnetId);
  if (subnet?.vpcId === vpc.id) return subnet;
  throw new PosternError("subnet_not_in_vpc", `Subnet ${subnetId} does not belong to VPC ${vpcId}.`);
}
