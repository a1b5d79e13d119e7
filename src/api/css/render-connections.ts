import { endpointStatus } from "../../domain/endpoint-state.ts";
import { endpointDnsName } from "../../domain/names.ts";
import type { Endpoint, EndpointService, Permission, Timestamp } from "../../domain/resources.ts";

/** Where the installation is, for names. */
export interface Place {
  readonly region: string;
  readonly zone: string;
}

/** Body of GET connections: exactly the keys, types and cases of contract section 1.3. */
export function renderConnections(
  service: EndpointService,
  permissions: readonly Permission[],
  endpoints: readonly Endpoint[],
  total: number,
  place: Place,
): object {
  return {
    connections: endpoints.map((endpoint) => renderConnection(endpoint, place)),
    vpcepUpdateSwitch: service.updateSwitch,
    total_count: total,
    vpcServiceName: service.name,
    permissions: permissions.map(renderPermission),
  };
}

/** Unset fields are left out, never empty. */
function renderConnection(endpoint: Endpoint, place: Place): object {
  return {
    id: endpoint.id,
    status: endpointStatus(endpoint),
    maxSession: String(endpoint.maxSession),
    specificationName: endpoint.specificationName,
    vpcepIp: endpoint.address,
    ...(endpoint.address6 === null ? {} : { vpcepIpv6Address: endpoint.address6 }),
    ...(endpoint.dnsEnabled ? { vpcepDnsName: endpointDnsName(endpoint.id, place.region, place.zone) } : {}),
    created_at: renderTime(endpoint.createdAt),
    ...(endpoint.updatedAt === null ? {} : { update_at: renderTime(endpoint.updatedAt) }),
    domain_id: endpoint.accountId,
  };
}

function renderPermission(entry: Permission): object {
  return {
    id: entry.id,
    permission: entry.permission,
    permission_type: entry.permissionType,
    created_at: renderTime(entry.createdAt),
  };
}

/** `2024-06-11T09:36:24Z`. */
export function renderTime(time: Timestamp): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
