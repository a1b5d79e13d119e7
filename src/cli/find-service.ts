import type { ApiClient, Path } from "./api-client.ts";
import { findCluster, pickNamed } from "./find.ts";
import type { Service } from "./wire.ts";

/** The service whose connections and whitelist a command is about. */
export interface ServiceTarget {
  readonly clusterId: string;
  /** How people call it: the cluster for the service that opening it made, else the service. */
  readonly name: string;
  /** What the command line says for it. */
  readonly argument: string;
  /** undefined: the one that opening the cluster made. */
  readonly serviceId: string | undefined;
  /** Returns the path of its connections or its whitelist. */
  readonly path: (operation: "connections" | "permissions") => Path;
}

export const serviceOption = "another service than the one that opening made, by name or id";

export function listServices(api: ApiClient): Promise<Service[]> {
  return api.list<Service>(api.own("services"), "services");
}

/**
 * @param cluster name or id; ignored where a service is named
 * @param service name or id
 * @throws CliError where there is none
 */
export async function findServiceTarget(
  api: ApiClient,
  cluster: string | undefined,
  service: string | undefined,
): Promise<ServiceTarget> {
  if (service === undefined) {
    const { id, name } = await findCluster(api, cluster);
    const path = (operation: string): Path => api.endpointService(id, operation);
    return { clusterId: id, name, argument: name, serviceId: undefined, path };
  }
  const services = await listServices(api);
  const byId = services.find((one) => one.id === service);
  const {
    id,
    name,
    cluster_id: clusterId,
  } = byId ?? pickNamed("endpoint service", services, service, "postern service list");
  const path = (operation: string): Path => api.own("services", id, operation);
  return { clusterId, name, argument: `--service ${id}`, serviceId: id, path };
}
