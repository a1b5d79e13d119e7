import { PosternError } from "../../domain/errors.ts";
import type { ClusterId, SubnetId, VpcId } from "../../domain/ids.ts";
import type { Cluster, EndpointService, Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import type { Principal } from "../operation.ts";

/** @throws PosternError cluster_not_found: also for another project's cluster, which must look the same */
export async function requireCluster(tx: Repositories, principal: Principal, id: string): Promise<Cluster> {
  const cluster = await tx.clusters.find(id as ClusterId);
  if (cluster?.projectId === principal.projectId && cluster.state !== "released") return cluster;
  throw new PosternError(
    "cluster_not_found",
    `Cluster ${id} does not exist in this project, or access to it is denied. List the clusters to find its id.`,
  );
}

/** @throws PosternError service_not_enabled */
export async function requireEnabledService(tx: Repositories, cluster: Cluster): Promise<EndpointService> {
  const service = await tx.services.findOpened(cluster.id);
  if (service?.enabled) return service;
  throw new PosternError(
    "service_not_enabled",
    `The VPC endpoint service of cluster ${cluster.name} is not enabled. Open it first.`,
  );
}

/**
 * Finds the service that opening a cluster made.
 * @throws PosternError cluster_not_found, service_not_enabled
 */
export async function requireOpenedService(
  tx: Repositories,
  principal: Principal,
  clusterId: string,
): Promise<{ readonly cluster: Cluster; readonly service: EndpointService }> {
  const cluster = await requireCluster(tx, principal, clusterId);
  return { cluster, service: await requireEnabledService(tx, cluster) };
}

/** Deleting a service that others are connected to is refused (contract section 3.8). @throws PosternError already_in_use */
export async function requireUnused(tx: Repositories, service: EndpointService): Promise<void> {
  const active = await tx.endpoints.countActive(service.id);
  if (active === 0) return;
  throw new PosternError(
    "already_in_use",
    `The endpoint service ${service.name} has ${active} endpoints that are accepted or being created. ` +
      "Delete or reject them first.",
  );
}

/**
 * So it is with its cluster too. What opening the cluster made is a part of it, and goes along.
 * @throws PosternError already_in_use
 */
export async function requireUnusedServices(tx: Repositories, cluster: Cluster): Promise<void> {
  for (const service of await tx.services.allOfCluster(cluster.id)) {
    if (service.origin === "vpcep") await requireUnused(tx, service);
  }
}

/**
 * Finds the subnet for something new: the one that is named, else the first of the named VPC, else the first of
 * the project's first VPC.
 * @throws PosternError vpc_not_found
 */
export async function requireSubnet(
  tx: Repositories,
  principal: Principal,
  vpcId: string | undefined,
  subnetId: string | undefined,
): Promise<{ readonly vpc: Vpc; readonly subnet: Subnet }> {
  const named = subnetId === undefined ? undefined : await tx.networks.subnet(subnetId as SubnetId);
  if (subnetId !== undefined && named?.projectId !== principal.projectId)
    throw vpcNotFound(`Subnet ${subnetId}`);
  const vpc = await findVpc(tx, principal, named?.vpcId ?? vpcId);
  if (named && vpcId !== undefined && vpcId !== vpc.id) {
    throw new PosternError("vpc_not_found", `Subnet ${named.id} does not belong to VPC ${vpcId}.`);
  }
  const subnet = named ?? (await tx.networks.subnets(vpc.id))[0];
  if (!subnet) throw new PosternError("vpc_not_found", `VPC ${vpc.name} has no subnet.`);
  return { vpc, subnet };
}

/**
 * Finds a VPC for whoever manages attachments: an operator reaches those of every project, all others their own.
 * @throws PosternError vpc_not_found
 */
export async function requireReachableVpc(tx: Repositories, principal: Principal, id: string): Promise<Vpc> {
  const vpc = principal.isOperator ? await tx.networks.vpc(id as VpcId) : undefined;
  return vpc ?? requireVpc(tx, principal, id);
}

/** @throws PosternError vpc_not_found */
export async function requireVpc(tx: Repositories, principal: Principal, id: string): Promise<Vpc> {
  const vpc = await tx.networks.vpc(id as VpcId);
  if (vpc?.projectId === principal.projectId) return vpc;
  throw vpcNotFound(`VPC ${id}`);
}

async function findVpc(tx: Repositories, principal: Principal, id: string | undefined): Promise<Vpc> {
  if (id !== undefined) return requireVpc(tx, principal, id);
  const first = await tx.networks.firstVpc(principal.projectId);
  if (first) return first;
  throw new PosternError("vpc_not_found", "This project has no VPC yet. Create one first.");
}

function vpcNotFound(what: string): PosternError {
  return new PosternError(
    "vpc_not_found",
    `${what} does not exist in this project. List the VPCs to find it.`,
  );
}
