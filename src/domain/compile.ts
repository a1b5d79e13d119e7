import type { DesiredEndpoint, DesiredNetwork, KernelPlace } from "./desired.ts";
import type { NodeId } from "./ids.ts";
import type { Snapshot, SnapshotEndpoint, SnapshotService } from "./snapshot.ts";

/** Whether a node may get new sessions now; a node that nobody has checked yet may. */
export type NodeIsUsable = (node: NodeId) => boolean;

/** What the engines are to bring about. */
export interface Desired {
  readonly endpoints: readonly DesiredEndpoint[];
  /** Where endpoints lie, but for loopback networks. */
  readonly networks: readonly DesiredNetwork[];
}

/**
 * Turns a snapshot and what is known of the nodes into what the engines are to bring about. Pure: the same
 * input gives the same output, in the order of the snapshot.
 */
export function compile(snapshot: Snapshot, isUsable: NodeIsUsable): Desired {
  const carriers = new Map(
    snapshot.services.map((service) => [service.id, carrierOf(service, isUsable)] as const),
  );
  const endpoints = snapshot.endpoints.map((endpoint) => ({
    id: endpoint.id,
    address: endpoint.address,
    clientPorts: endpoint.clientPorts,
    maxSession: endpoint.maxSession,
    refusal: endpoint.refusal,
    ...(endpoint.sources === undefined ? {} : { sources: endpoint.sources }),
    ...(carriers.get(endpoint.serviceId) ?? { nodes: [] }),
    ...kernelPlaceOf(endpoint),
  }));
  return { endpoints, networks: snapshot.networks ?? [] };
}

function kernelPlaceOf(endpoint: SnapshotEndpoint): { readonly kernel?: KernelPlace } {
  const { kernel, vpcId, serviceId } = endpoint;
  return kernel === undefined ? {} : { kernel: { network: vpcId, service: serviceId, ...kernel } };
}

function carrierOf(
  { nodes, serverPorts }: SnapshotService,
  isUsable: NodeIsUsable,
): Pick<DesiredEndpoint, "nodes" | "serverPorts"> {
  return {
    nodes: nodes.filter((node) => isUsable(node.id)).map(({ host, port }) => ({ host, port })),
    ...(serverPorts === undefined ? {} : { serverPorts }),
  };
}
