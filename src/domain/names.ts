import { isUuid, type EndpointId, type ServiceId } from "./ids.ts";

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

/** Returns the id in a service name, `{region}.{label}.{id}` or `{region}.{id}`; undefined for any other text. */
export function parseServiceName(name: string): ServiceId | undefined {
  const [, id = ""] = /^[a-z0-9-]{1,64}(?:\.[A-Za-z0-9_-]{1,64})?\.([0-9a-f-]{36})$/.exec(name) ?? [];
  return isUuid(id) ? (id as ServiceId) : undefined;
}

/** Returns the private name of an endpoint: `vpcep-{id}.{region}.{zone}` (contract section 6). */
export function endpointDnsName(id: EndpointId, region: string, zone: string): string {
  return `${endpointLabel(id)}.${zoneName(region, zone)}`;
}

/** Returns the first label of an endpoint's private name. */
export function endpointLabel(id: EndpointId): string {
  return `vpcep-${id}`;
}

/** Returns the name of the zone that the gateways serve: the private names of all endpoints lie right below it. */
export function zoneName(region: string, zone: string): string {
  return `${region}.${zone}`;
}

/** So that a private name has at most the 253 characters that a name may have, in a region of the longest name. */
const zoneLengthLimit = 146;

/** Whether endpoints may have their private names below this one. */
export function isZoneName(text: string): boolean {
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  return text.length <= zoneLengthLimit && text.split(".").every((part) => label.test(part));
}
