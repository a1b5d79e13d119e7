import { PosternError } from "../../domain/errors.ts";
import type { ServiceId } from "../../domain/ids.ts";
import type { Cluster, EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import type { Principal } from "../operation.ts";
import { clusterOf } from "../postern/locate-endpoint.ts";

export interface OwnService {
  readonly service: EndpointService;
  readonly cluster: Cluster;
}

/**
 * Finds a service of the caller's project. One that is closed is not there: its cluster keeps it for the next
 * opening.
 * @throws PosternError resource_not_found: also for another project's service, which must look the same
 */
export async function requireOwnService(
  tx: Repositories,
  principal: Principal,
  id: string,
): Promise<OwnService> {
  const own = await requireKeptService(tx, principal, id);
  if (own.service.enabled) return own;
  throw serviceNotFound(id);
}

/**
 * The same, also where it is closed.
 * @throws PosternError resource_not_found
 */
export async function requireKeptService(
  tx: Repositories,
  principal: Principal,
  id: string,
): Promise<OwnService> {
  const service = await tx.services.find(id as ServiceId);
  if (service?.projectId !== principal.projectId) throw serviceNotFound(id);
  return { service, cluster: await clusterOf(tx, service) };
}

function serviceNotFound(id: string): PosternError {
  return new PosternError(
    "resource_not_found",
    `Endpoint service ${id} does not exist in this project. List the endpoint services to find its id.`,
  );
}
