import type { DesiredEndpoint, DesiredNetwork, KernelPlace } from "./desired.ts";
import type { NodeId, ServiceId } from "./ids.ts";
import type { Snapshot, SnapshotEndpoint, SnapshotService } from "./snapshot.ts";

/** Whether a node may get new sessions now; a node that nobody has checked yet may. */
export type NodeIsUsable = (node: NodeId) => boolean;

/** What the engines are to bring about. */
export interface Desired {
  readonly endpoints: readonly DesiredEndpoint[];
  /** Where endpoints lie, but for loopback networks. */
  readonly networks: readonly DesiredNetwork[];
}

type Carrier = Pick<DesiredEndpoint, "nodes" | "serverPorts">;

/** What an entry of the last snapshot was turned into. */
interface Compiled {
  readonly carrier: Carrier;
  readonly desired: DesiredEndpoint;
}

const nobody: Carrier = { nodes: [] };

/**
 * Turns snapshots and what is known of the nodes into what the engines are to bring about. It remembers what it made of
 * the last one: an endpoint whose entry is the same object, on nodes that are as they were, is the same object again.
 */
export class Compiler {
  #endpoints: ReadonlyMap<SnapshotEndpoint, Compiled> = new Map();
  #carriers: ReadonlyMap<ServiceId, Carrier> = new Map();

  /** Pure but for what it remembers: the same input gives an equal output, in the order of the snapshot. */
  compile(snapshot: Snapshot, isUsable: NodeIsUsable): Desired {
    const carriers = new Map(
      snapshot.services.map((service) => [service.id, this.#carrierOf(service, isUsable)]),
    );
    const compiled = snapshot.endpoints.map((entry): readonly [SnapshotEndpoint, Compiled] => {
      const carrier = carriers.get(entry.serviceId) ?? nobody;
      const known = this.#endpoints.get(entry);
      if (known?.carrier === carrier) return [entry, known];
      return [entry, { carrier, desired: desiredEndpoint(entry, carrier, known?.desired.kernel) }];
    });
    this.#carriers = carriers;
    this.#endpoints = new Map(compiled);
    return { endpoints: compiled.map(([, { desired }]) => desired), networks: snapshot.networks ?? [] };
  }

  #carrierOf(service: SnapshotService, isUsable: NodeIsUsable): Carrier {
    const carrier = carrierOf(service, isUsable);
    const known = this.#carriers.get(service.id);
    return known && JSON.stringify(known) === JSON.stringify(carrier) ? known : carrier;
  }
}

/** @param place what was made of the same entry before */
function desiredEndpoint(
  endpoint: SnapshotEndpoint,
  carrier: Carrier,
  place: KernelPlace | undefined,
): DesiredEndpoint {
  return {
    id: endpoint.id,
    address: endpoint.address,
    ...(endpoint.address6 === undefined ? {} : { address6: endpoint.address6 }),
    clientPorts: endpoint.clientPorts,
    maxSession: endpoint.maxSession,
    refusal: endpoint.refusal,
    ...(endpoint.sources === undefined ? {} : { sources: endpoint.sources }),
    ...carrier,
    ...(place ? { kernel: place } : kernelPlaceOf(endpoint)),
  };
}

function kernelPlaceOf(endpoint: SnapshotEndpoint): { readonly kernel?: KernelPlace } {
  const { kernel, vpcId, serviceId } = endpoint;
  return kernel === undefined ? {} : { kernel: { network: vpcId, service: serviceId, ...kernel } };
}

function carrierOf({ nodes, serverPorts }: SnapshotService, isUsable: NodeIsUsable): Carrier {
  return {
    nodes: nodes.filter((node) => isUsable(node.id)).map(({ host, port }) => ({ host, port })),
    ...(serverPorts === undefined ? {} : { serverPorts }),
  };
}
