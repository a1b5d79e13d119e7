import {
  fullWeight,
  type AwayNode,
  type DesiredEndpoint,
  type DesiredNetwork,
  type DesiredNode,
  type KernelPlace,
} from "./desired.ts";
import type { NodeId, ServiceId } from "./ids.ts";
import { sessionsFate } from "./node-drain.ts";
import type { Timestamp } from "./resources.ts";
import type { Snapshot, SnapshotEndpoint, SnapshotNode, SnapshotService } from "./snapshot.ts";

/** Returns a node's share of new sessions now, 0 (none) to `fullWeight`. A node that nobody has checked yet has a whole one. */
export type NodeShare = (node: NodeId) => number;

/** What the engines are to bring about. */
export interface Desired {
  readonly endpoints: readonly DesiredEndpoint[];
  /** Where endpoints lie, but for loopback networks. */
  readonly networks: readonly DesiredNetwork[];
}

type Carrier = Pick<DesiredEndpoint, "nodes" | "away" | "serverPorts">;

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
  compile(snapshot: Snapshot, shareOf: NodeShare, now: Timestamp): Desired {
    const carriers = new Map(
      snapshot.services.map((service) => [service.id, this.#carrierOf(service, shareOf, now)]),
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

  #carrierOf(service: SnapshotService, shareOf: NodeShare, now: Timestamp): Carrier {
    const carrier = carrierOf(service, shareOf, now);
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

function carrierOf({ nodes, serverPorts }: SnapshotService, shareOf: NodeShare, now: Timestamp): Carrier {
  const isServing = ({ id, drain }: SnapshotNode): boolean => drain === undefined && shareOf(id) > 0;
  const away = nodes.filter((node) => !isServing(node)).map((node) => awayNode(node, now));
  return {
    nodes: nodes.filter(isServing).map((node) => desiredNode(node, shareOf(node.id))),
    ...(away.length > 0 ? { away } : {}),
    ...(serverPorts === undefined ? {} : { serverPorts }),
  };
}

function desiredNode({ id, host, port }: SnapshotNode, share: number): DesiredNode {
  return { host, port, id, ...(share === fullWeight ? {} : { weight: share }) };
}

function awayNode({ id, host, port, drain }: SnapshotNode, now: Timestamp): AwayNode {
  return { host, port, id, sessions: drain ? sessionsFate(drain, now) : "stay" };
}
