import { initialState } from "../../domain/endpoint-state.ts";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type AccountId, type EndpointId, type ProjectId } from "../../domain/ids.ts";
import { checkQuota } from "../../domain/quotas.ts";
import type { Endpoint, EndpointService, Subnet, Tag } from "../../domain/resources.ts";
import { endpointSpecification } from "../../domain/specification.ts";
import type { Repositories } from "../../domain/store.ts";
import { ensureDnsAddress } from "./dns-address.ts";
import { takeAddress, takeAddress6 } from "./take-address.ts";

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
  /** Whether it gets an IPv6 address too. */
  readonly isDualStack?: boolean | undefined;
  /** Likewise of dual stack. */
  readonly address6?: string | undefined;
  /** 1 up to what the service's edition allows; that much without it. */
  readonly maxSession?: number | undefined;
  readonly description?: string | undefined;
  /** Who of the consumer's network may connect; everybody without it. */
  readonly sources?: Pick<Endpoint, "sourceWhitelistEnabled" | "sourceWhitelist"> | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

/**
 * Adds an endpoint with an address of its own, or with one of each family.
 * @throws PosternError pool_exhausted, address_in_use, address_malformed, address_outside_subnet, out_of_range,
 *   endpoint_quota_exceeded; unsupported where dual stack is not to be had; bad_parameter for an IPv6 address without it
 */
export async function createEndpoint(
  tx: Repositories,
  wish: EndpointWish,
  revision: number,
  now: number,
): Promise<Endpoint> {
  const specification = endpointSpecification(wish.service.professional);
  checkQuota("endpoints", await tx.endpoints.countInProject(wish.projectId));
  const address = await takeAddress(tx, wish.subnet, wish.address, { projectId: wish.projectId, now });
  const address6 = await secondAddress(tx, wish, now);
  const endpoint: Endpoint = {
    ...initialState(wish.needsApproval),
    id: newUuid<EndpointId>(),
    serviceId: wish.service.id,
    projectId: wish.projectId,
    accountId: wish.accountId,
    vpcId: wish.subnet.vpcId,
    subnetId: wish.subnet.id,
    address,
    address6,
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
  if (endpoint.dnsEnabled) await ensureDnsAddress(tx, endpoint.vpcId, now);
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

async function secondAddress(
  tx: Repositories,
  wish: EndpointWish,
  now: number,
): Promise<Endpoint["address6"]> {
  const { isDualStack = false, service, subnet, address6, projectId } = wish;
  if (isDualStack) {
    requireDualStack(service, subnet);
    return takeAddress6(tx, subnet, address6, { projectId, now });
  }
  if (address6 === undefined) return null;
  throw new PosternError(
    "bad_parameter",
    `The IPv6 address ${address6} is for an endpoint with dual stack. Ask for dual stack, or leave the address out.`,
    "ipv6_address",
  );
}

/** Contract section 1.1: only professional endpoints, and only where there are IPv6 addresses. */
export function requireDualStack({ professional }: EndpointService, subnet: Subnet): void {
  if (!professional) {
    throw new PosternError(
      "unsupported",
      "Dual stack needs a professional endpoint. Open the service with profession_vpcep as well, or go without.",
    );
  }
  if (subnet.cidr6 === null) {
    throw new PosternError(
      "unsupported",
      `Subnet ${subnet.name} (${subnet.cidr}) has no IPv6 addresses. Go without dual stack, or take a VPC with cidr6.`,
    );
  }
}
