import { endpointStatus } from "../../domain/endpoint-state.ts";
import { endpointDnsName } from "../../domain/names.ts";
import type { Endpoint, EndpointService, Permission } from "../../domain/resources.ts";
import { renderTime, type Place } from "../css/render-connections.ts";
import { renderTags } from "./render-service.ts";

/**
 * An endpoint as its consumer sees it (contract section 3.7). The answer to its creation has no `dns_names`: pass
 * no place.
 */
export function renderEndpoint(endpoint: Endpoint, service: EndpointService, place?: Place): object {
  const hasName = endpoint.dnsEnabled && place !== undefined;
  return {
    id: endpoint.id,
    vpc_id: endpoint.vpcId,
    subnet_id: endpoint.subnetId,
    project_id: endpoint.projectId,
    endpoint_service_id: service.id,
    endpoint_service_name: service.name,
    service_type: "interface",
    status: endpointStatus(endpoint),
    ...(endpoint.approval === "pending" ? {} : renderAddresses(endpoint)),
    ip_version: endpoint.address6 === null ? "ipv4" : "dualstack",
    active_status: ["active"],
    enable_status: service.enabled ? "enable" : "disable",
    specification_name: endpoint.specificationName,
    marker_id: endpoint.markerId,
    enable_dns: endpoint.dnsEnabled,
    ...(hasName ? { dns_names: [endpointDnsName(endpoint.id, place.region, place.zone)] } : {}),
    whitelist: endpoint.sourceWhitelist,
    enable_whitelist: endpoint.sourceWhitelistEnabled,
    tags: renderTags(endpoint.tags),
    description: endpoint.description,
    ...renderFailure(endpoint),
    created_at: renderTime(endpoint.createdAt),
    updated_at: renderTime(endpoint.updatedAt ?? endpoint.createdAt),
  };
}

/** The same endpoint as the owner of the service sees it (contract section 3.5). */
export function renderConnection(endpoint: Endpoint): object {
  return {
    id: endpoint.id,
    marker_id: endpoint.markerId,
    domain_id: endpoint.accountId,
    status: endpointStatus(endpoint),
    description: endpoint.ownerNote,
    ...renderFailure(endpoint),
    created_at: renderTime(endpoint.createdAt),
    updated_at: renderTime(endpoint.updatedAt ?? endpoint.createdAt),
  };
}

export function renderPermission(entry: Permission): object {
  return {
    id: entry.id,
    permission: entry.permission,
    permission_type: entry.permissionType,
    description: entry.description,
    created_at: renderTime(entry.createdAt),
  };
}

function renderAddresses({ address, address6 }: Endpoint): object {
  return { ip: address, ...(address6 === null ? {} : { ipv6_address: address6 }) };
}

function renderFailure({ failureCode, failureMessage }: Endpoint): object {
  if (failureCode === null) return {};
  return { error: [{ error_code: failureCode, error_message: failureMessage ?? "" }] };
}
