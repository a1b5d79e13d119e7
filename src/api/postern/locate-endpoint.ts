import { PosternError } from "../../domain/errors.ts";
import type { AccountId, EndpointId } from "../../domain/ids.ts";
import type { Cluster, Endpoint, EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import type { Principal } from "../operation.ts";
import { placeOf, renderEndpoint, type Place } from "./render.ts";

/** An endpoint together with what it belongs to. */
export interface Located {
  readonly endpoint: Endpoint;
  readonly service: EndpointService;
  readonly cluster: Cluster;
}

export async function requireOwn(tx: Repositories, principal: Principal, id: string): Promise<Located> {
  const endpoint = await tx.endpoints.find(id as EndpointId);
  if (endpoint?.projectId === principal.projectId) return locate(tx, endpoint.id);
  throw new PosternError("endpoint_not_found", `Endpoint ${id} does not exist in this project.`);
}

export async function locate(tx: Repositories, id: EndpointId): Promise<Located> {
  const endpoint = await tx.endpoints.find(id);
  const service = endpoint && (await tx.services.find(endpoint.serviceId));
  if (!endpoint || !service)
    throw new PosternError("endpoint_not_found", `Endpoint ${id} does not exist any more.`);
  return { endpoint, service, cluster: await clusterOf(tx, service) };
}

/** Returns an endpoint as our own API shows it. @throws PosternError endpoint_not_found */
export async function renderLocated(
  tx: Repositories,
  id: EndpointId,
  context: Omit<Place, "unattachedVpcs">,
): Promise<object> {
  const { endpoint, service, cluster } = await locate(tx, id);
  return renderEndpoint(endpoint, service, cluster, await placeOf(tx, context));
}

export async function clusterOf(tx: Repositories, service: EndpointService): Promise<Cluster> {
  const cluster = await tx.clusters.find(service.clusterId);
  if (!cluster) throw new TypeError(`service ${service.id} names a cluster that does not exist`);
  return cluster;
}

/** Returns the account that a service belongs to. */
export async function ownerOf(tx: Repositories, service: EndpointService): Promise<AccountId> {
  const project = await tx.identity.project(service.projectId);
  if (!project) throw new TypeError(`service ${service.id} names a project that does not exist`);
  return project.accountId;
}
