import { PosternError } from "../../domain/errors.ts";
import { newUuid, type PermissionId, type ServiceId } from "../../domain/ids.ts";
import { endpointServiceName } from "../../domain/names.ts";
import { checkQuota } from "../../domain/quotas.ts";
import type { Cluster, Endpoint, EndpointService, Subnet } from "../../domain/resources.ts";
import { endpointSpecification } from "../../domain/specification.ts";
import { portsOf, requireOwnPorts } from "../../domain/service-ports.ts";
import type { Repositories } from "../../domain/store.ts";
import { permissionOf } from "../../domain/whitelist.ts";
import type { ApiContext, Principal } from "../operation.ts";
import { createEndpoint, requireDualStack } from "./create-endpoint.ts";
import { ensureDnsAddress } from "./dns-address.ts";
import { takeAddress6 } from "./take-address.ts";

export interface OpenOptions {
  readonly dnsEnabled: boolean;
  readonly professional: boolean;
  readonly dualStack: boolean;
  /** undefined: as it was, and off for a new service. */
  readonly approvalEnabled: boolean | undefined;
}

/**
 * Turns the endpoint service of a cluster on. The first time it makes the service, puts the owner's account on
 * the whitelist and makes the owner's own endpoint; afterwards everything is as it was when it was closed: same
 * ids, addresses and decisions (design, invariant 9).
 * @throws PosternError service_already_open, pool_exhausted, endpoint_quota_exceeded; unsupported where dual stack is
 *   wanted and not to be had; ports_clash where another service of the cluster has its client port
 */
export async function openService(
  tx: Repositories,
  context: ApiContext,
  principal: Principal,
  cluster: Cluster,
  options: OpenOptions,
  revision: number,
): Promise<EndpointService> {
  const existing = await tx.services.findOpened(cluster.id);
  if (existing?.enabled) {
    throw new PosternError(
      "service_already_open",
      `The VPC endpoint service of cluster ${cluster.name} is enabled already.`,
    );
  }
  const now = context.clock.now();
  const approvalEnabled = options.approvalEnabled ?? existing?.approvalEnabled ?? false;
  const { dnsEnabled, professional } = options;
  if (!existing) {
    checkQuota("services", (await tx.counts(cluster.projectId)).services);
    await requireClientPort(tx, cluster);
  }
  const settings = {
    enabled: true,
    updateSwitch: true,
    dnsEnabled,
    professional,
    approvalEnabled,
    updatedAt: now,
  };
  const service = existing
    ? await reopen(tx, { ...existing, ...settings })
    : await firstOpen(tx, context, principal, cluster, settings);
  await ensureOwnEndpoint(tx, principal, cluster, { service, isDualStack: options.dualStack }, revision, now);
  await tx.clusters.touch(cluster.id, now);
  return service;
}

/**
 * Changes what an open service offers. What is there keeps its addresses, names and sizes: the owner's own endpoint gets
 * more where more is offered now, and less is offered to new endpoints only.
 * @param options what is undefined stays as it is
 * @throws PosternError unsupported where dual stack is wanted and not to be had; pool_exhausted
 */
export async function changeOffer(
  tx: Repositories,
  principal: Principal,
  { cluster, service: before }: { readonly cluster: Cluster; readonly service: EndpointService },
  options: { readonly [Name in keyof OpenOptions]: OpenOptions[Name] | undefined },
  { revision, now }: { readonly revision: number; readonly now: number },
): Promise<EndpointService> {
  const service = {
    ...before,
    dnsEnabled: options.dnsEnabled ?? before.dnsEnabled,
    professional: options.professional ?? before.professional,
    approvalEnabled: options.approvalEnabled ?? before.approvalEnabled,
    updatedAt: now,
  };
  await tx.services.update(service);
  const offer = { service, isDualStack: options.dualStack === true };
  await ensureOwnEndpoint(tx, principal, cluster, offer, revision, now);
  await tx.clusters.touch(cluster.id, now);
  return service;
}

/** @throws PosternError ports_clash where another service of the cluster has its client port */
export async function requireClientPort(tx: Repositories, cluster: Cluster): Promise<void> {
  requireOwnPorts(cluster, await tx.services.allOfCluster(cluster.id), portsOf({ ports: [] }, cluster));
}

type Settings = Pick<
  EndpointService,
  "enabled" | "updateSwitch" | "dnsEnabled" | "professional" | "approvalEnabled" | "updatedAt"
>;

async function firstOpen(
  tx: Repositories,
  context: ApiContext,
  principal: Principal,
  cluster: Cluster,
  settings: Settings,
): Promise<EndpointService> {
  const id = newUuid<ServiceId>();
  const service: EndpointService = {
    ...settings,
    id,
    clusterId: cluster.id,
    projectId: cluster.projectId,
    name: endpointServiceName(context.region, cluster.name, id),
    reconcileConnections: true,
    origin: "css",
    ports: [],
    description: "",
    tags: [],
    createdAt: settings.updatedAt,
  };
  await tx.services.insert(service);
  await tx.services.insertPermissions([
    {
      id: newUuid<PermissionId>(),
      serviceId: id,
      permission: permissionOf(principal.accountId),
      permissionType: "domainId",
      description: "",
      createdAt: settings.updatedAt,
    },
  ]);
  return service;
}

async function reopen(tx: Repositories, service: EndpointService): Promise<EndpointService> {
  await tx.services.update(service);
  return service;
}

/** What opening asks for: the service's endpoints have the same. */
interface Offer {
  readonly service: EndpointService;
  readonly isDualStack: boolean;
}

/** The endpoint that the owner's own network gets with the service (contract section 6). */
async function ensureOwnEndpoint(
  tx: Repositories,
  principal: Principal,
  cluster: Cluster,
  { service, isDualStack }: Offer,
  revision: number,
  now: number,
): Promise<void> {
  const endpoints = await tx.endpoints.allOfService(service.id);
  const own = endpoints.find((endpoint) => endpoint.projectId === cluster.projectId);
  const subnet = await tx.networks.subnet(own?.subnetId ?? cluster.subnetId);
  if (!subnet) throw new TypeError(`cluster ${cluster.id} names a subnet that does not exist`);
  if (own) {
    await improve(tx, own, subnet, { service, isDualStack }, now);
    return;
  }
  const { accountId } = principal;
  const { projectId } = cluster;
  const { dnsEnabled } = service;
  const wish = { service, accountId, projectId, subnet, needsApproval: false, dnsEnabled, isDualStack };
  await createEndpoint(tx, wish, revision, now);
}

/** Opened again with more than before, the endpoint gets more; it never loses its addresses, its name or its size. */
async function improve(
  tx: Repositories,
  own: Endpoint,
  subnet: Subnet,
  { service, isDualStack }: Offer,
  now: number,
): Promise<void> {
  if (isDualStack) requireDualStack(service, subnet);
  const taker = { projectId: own.projectId, now };
  const address6 = own.address6 ?? (isDualStack ? await takeAddress6(tx, subnet, undefined, taker) : null);
  const specification = endpointSpecification(service.professional);
  const isLarger = specification.maxSession > endpointSpecification(false).maxSession;
  const isUpgrade = isLarger && own.specificationName !== specification.name;
  const dnsEnabled = own.dnsEnabled || service.dnsEnabled;
  if (!isUpgrade && dnsEnabled === own.dnsEnabled && address6 === own.address6) return;
  const { name, maxSession } = isUpgrade
    ? specification
    : { name: own.specificationName, maxSession: own.maxSession };
  await tx.endpoints.setOffer(own.id, { specificationName: name, maxSession, dnsEnabled, address6 }, now);
  if (dnsEnabled) await ensureDnsAddress(tx, own.vpcId, now);
}
