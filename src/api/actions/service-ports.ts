import { PosternError } from "../../domain/errors.ts";
import type { Cluster, ServicePort } from "../../domain/resources.ts";

interface PortWish {
  readonly client_port: number;
  readonly server_port: number;
  readonly protocol?: string;
}

/**
 * Returns the ports of a service for a cluster. Every port leads to the cluster's nodes, each at the port under
 * which it is registered; so a server port has to be one that the cluster serves.
 * @throws PosternError ports_malformed, port_not_served, unsupported
 */
export function readPorts(cluster: Cluster, wishes: readonly PortWish[]): readonly ServicePort[] {
  const served = new Set([cluster.clientPort, ...cluster.nodes.map((node) => node.port)]);
  for (const wish of wishes) {
    if ((wish.protocol ?? "TCP").toUpperCase() !== "TCP") {
      throw new PosternError("unsupported", `The protocol ${wish.protocol} is not carried. Use TCP.`);
    }
    if (served.has(wish.server_port)) continue;
    throw new PosternError(
      "port_not_served",
      `Cluster ${cluster.name} does not serve port ${wish.server_port}. It serves ${[...served].join(", ")}.`,
    );
  }
  if (new Set(wishes.map((wish) => wish.client_port)).size < wishes.length) {
    throw new PosternError("ports_malformed", "Two of the ports have the same client_port. Give each once.");
  }
  return wishes.map((wish) => ({ clientPort: wish.client_port, serverPort: wish.server_port }));
}
