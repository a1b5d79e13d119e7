import { initialState } from "../../domain/endpoint-state.ts";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type AccountId, type EndpointId, type ProjectId } from "../../domain/ids.ts";
import { candidateWindows, poolContains, poolOf, type Pool } from "../../domain/pool.ts";
import { checkQuota } from "../../domain/quotas.ts";
import type { Endpoint, EndpointService, Subnet, Tag } from "../../domain/resources.ts";
import { endpointSpecification } from "../../domain/specification.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4, parseIpv4Prefix, type Ipv4 } from "../../lib/ipv4.ts";

export interface EndpointWish {
  readonly service: EndpointService;
  /** The consumer. */
  readonly accountId: AccountId;
  readonly projectId: ProjectId;
  readonly subnet: Subnet;
  readonly needsApproval: boolean;
  readonly dnsEnabled: boolean;
  /** An address that the consumer wants, or undefined for the next free one. */
  readonly address?: string | undefined;
  /** 1 up to what the service's edition allows; that much without it. */
  readonly maxSession?: number | undefined;
  readonly description?: string | undefined;
  /** Who of the consumer's network may connect; everybody without it. */
  readonly sources?: Pick<Endpoint, "sourceWhitelistEnabled" | "sourceWhitelist"> | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

/**
 * Adds an endpoint with an address of its own.
 * @throws PosternError pool_exhausted, address_in_use, address_malformed, address_outside_subnet, out_of_range,
 *   endpoint_quota_exceeded
 */
export async function createEndpoint(
  tx: Repositories,
  wish: EndpointWish,
  revision: number,
  now: number,
): Promise<Endpoint> {
  const specification = endpointSpecification(wish.service.professional);
  checkQuota("endpoints", await tx.endpoints.countInProject(wish.projectId));
  const address = await takeAddress(tx, wish.subnet, wish.address);
  const endpoint: Endpoint = {
    ...initialState(wish.needsApproval),
    id: newUuid<EndpointId>(),
    serviceId: wish.service.id,
    projectId: wish.projectId,
    accountId: wish.accountId,
    vpcId: wish.subnet.vpcId,
    subnetId: wish.subnet.id,
    address,
    maxSession: checkMaxSession(wish.maxSession ?? specification.maxSession, specification.maxSession),
    maxConnectionRate: null,
    maxBandwidth: null,
    specificationName: specification.name,
    dnsEnabled: wish.dnsEnabled,
    description: wish.description ?? "",
    ownerNote: "",
    markerId: await tx.endpoints.nextMarkerId(),
    sourceWhitelistEnabled: wish.sources?.sourceWhitelistEnabled ?? false,
    sourceWhitelist: wish.sources?.sourceWhitelist ?? [],
    tags: wish.tags ?? [],
    failureCode: null,
    failureMessage: null,
    createdRevision: revision,
    createdAt: now,
    updatedAt: null,
  };
  await tx.endpoints.insert(endpoint);
  return endpoint;
}

/** @throws PosternError out_of_range */
export function checkMaxSession(wanted: number, most: number): number {
  if (wanted >= 1 && wanted <= most) return wanted;
  throw new PosternError(
    "out_of_range",
    `max_session must be an integer from 1 to ${most} for this endpoint.`,
  );
}

async function takeAddress(tx: Repositories, subnet: Subnet, wanted: string | undefined): Promise<Ipv4> {
  const prefix = parseIpv4Prefix(subnet.cidr);
  if (!prefix) throw new TypeError(`subnet ${subnet.id} has the CIDR ${subnet.cidr}`);
  const pool = poolOf(prefix);
  return wanted === undefined ? takeNext(tx, subnet, pool) : takeWanted(tx, subnet, pool, wanted);
}

async function takeWanted(tx: Repositories, subnet: Subnet, pool: Pool, wanted: string): Promise<Ipv4> {
  const address = parseIpv4(wanted);
  if (address === undefined) {
    throw new PosternError(
      "address_malformed",
      `${wanted} is no IPv4 address of the endpoint pool of ${subnet.cidr}.`,
    );
  }
  if (!poolContains(pool, address)) {
    throw new PosternError(
      "address_outside_subnet",
      `The address ${wanted} is not in the endpoint pool of ${subnet.cidr}.`,
    );
  }
  const taken = await tx.endpoints.takenAddresses(subnet.id, [address]);
  if (taken.has(address))
    throw new PosternError("address_in_use", `The address ${wanted} is in use already.`);
  return address;
}

async function takeNext(tx: Repositories, subnet: Subnet, pool: Pool): Promise<Ipv4> {
  for (const window of candidateWindows(pool, subnet.poolCursor)) {
    const taken = await tx.endpoints.takenAddresses(subnet.id, window);
    const address = window.find((candidate) => !taken.has(candidate));
    if (address === undefined) continue;
    await tx.networks.setPoolCursor(subnet.id, address);
    return address;
  }
  throw new PosternError(
    "pool_exhausted",
    `Subnet ${subnet.name} (${subnet.cidr}) has no free address. Delete an endpoint, or use another subnet.`,
  );
}
