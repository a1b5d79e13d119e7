import type { EndpointId, ServiceId } from "./ids.ts";

/** Longest middle part of a service name (contract section 3.2). */
const serviceLabelLimit = 16;

/**
 * Returns the name by which consumers in any account find a service: `{region}.{name}.{id}`
 * (contract section 3.2); without a label `{region}.{id}`.
 */
export function endpointServiceName(region: string, label: string, id: ServiceId): string {
  if (label === "") return `${region}.${id}`;
  return `${region}.${label.slice(0, serviceLabelLimit)}.${id}`;
}

/** Returns the private name of an endpoint: `vpcep-{id}.{region}.{zone}` (contract section 6). */
export function endpointDnsName(id: EndpointId, region: string, zone: string): string {
  return `vpcep-${id}.${region}.${zone}`;
}
