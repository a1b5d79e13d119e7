import { PosternError } from "./errors.ts";
import type { Cluster, EndpointService, ServicePort } from "./resources.ts";

/** Returns the port mappings of a service; one that opening the cluster made has the cluster's client port alone. */
export function portsOf(
  service: Pick<EndpointService, "ports">,
  { clientPort }: Pick<Cluster, "clientPort">,
): readonly ServicePort[] {
  return service.ports.length > 0 ? service.ports : [{ clientPort, serverPort: clientPort }];
}

/** Returns the mappings that lead elsewhere than to the ports of the nodes' registrations. */
export function portsBesideRegistered(
  service: Pick<EndpointService, "ports">,
  cluster: Pick<Cluster, "clientPort">,
): readonly ServicePort[] {
  return service.ports.filter(({ serverPort }) => serverPort !== cluster.clientPort);
}

/**
 * Services of one cluster share no server port (contract section 3.2), whether they are enabled or not.
 * @param others the cluster's services but the one that is to have the ports
 * @throws PosternError ports_clash
 */
export function requireOwnPorts(
  cluster: Pick<Cluster, "clientPort" | "name">,
  others: readonly EndpointService[],
  ports: readonly ServicePort[],
): void {
  const wanted = new Set(ports.map(({ serverPort }) => serverPort));
  for (const other of others) {
    const shared = portsOf(other, cluster).find(({ serverPort }) => wanted.has(serverPort));
    if (!shared) continue;
    throw new PosternError(
      "ports_clash",
      `Port ${shared.serverPort} of cluster ${cluster.name} belongs to its endpoint service ${other.name}${
        other.enabled ? "" : ", which is closed"
      }. Use that service, choose another server_port, or delete it first.`,
    );
  }
}
