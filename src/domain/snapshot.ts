import type { DesiredNetwork, KernelPlace } from "./desired.ts";
import type { EndpointId, GatewayId, NodeId, ServiceId, VpcId } from "./ids.ts";
import type { AdmissionRefusal } from "./refusal.ts";
import type { NodeDrain, ServicePort } from "./resources.ts";

/**
 * The whole desired state of one gateway. It is full, never a difference: applying it twice changes
 * nothing, and applying it after any crash ends in the same state (design, invariant 6).
 */
export interface Snapshot {
  /** Version of this format; a gateway refuses one that it does not know. */
  readonly format: 1;
  readonly gatewayId: GatewayId;
  readonly region: string;
  /** Grows with every write; what a gateway reports as applied. */
  readonly revision: number;
  /** Whose revisions these are: another one since a restore. Servers of earlier versions leave it out. */
  readonly lineage?: string;
  readonly services: readonly SnapshotService[];
  readonly endpoints: readonly SnapshotEndpoint[];
  /** Those that the kernel carries; there are none where it is left out. */
  readonly networks?: readonly DesiredNetwork[];
  /** Left out, no names are served. */
  readonly dns?: SnapshotDns;
}

/** What the gateway needs to serve private names: `{region}.{zone}` is the zone. */
export interface SnapshotDns {
  readonly zone: string;
  /** One a loopback network; networks that the kernel carries say their own. Names of others are not served. */
  readonly resolvers: readonly Resolver[];
}

/** The address that a network's name server has there. */
export interface Resolver {
  readonly vpcId: VpcId;
  readonly address: string;
}

export interface SnapshotService {
  readonly id: ServiceId;
  readonly nodes: readonly SnapshotNode[];
  readonly healthCheck: HealthCheck;
  /** Client ports that lead to another port of each node's host than the node's own; all do not where it is left out. */
  readonly serverPorts?: readonly ServicePort[];
  /** Names of the owner's own, in lower case, that lead consumers to their endpoint. */
  readonly domains?: readonly string[];
}

export interface SnapshotNode {
  readonly id: NodeId;
  /** IPv4 or IPv6 address, or a host name that the gateway resolves. */
  readonly host: string;
  readonly port: number;
  /** It gets no new sessions; times are absolute, so that a gateway keeps to them whether it hears of the server or not. */
  readonly drain?: NodeDrain;
}

/** How the gateway asks a node over HTTP whether it serves. */
export interface HealthCheck {
  readonly scheme: "http" | "https";
  readonly path: string;
  /** Value of the Authorization header. A secret: never logged. */
  readonly authorization?: string;
  /** PEM certificates that the node's certificate must chain to; the system's roots without it. */
  readonly ca?: string;
  /** Accept any certificate of the node. */
  readonly insecureSkipVerify: boolean;
}

export interface SnapshotEndpoint {
  readonly id: EndpointId;
  readonly serviceId: ServiceId;
  readonly vpcId: VpcId;
  /** `kernel`: its VPC is one of `networks`. */
  readonly attachment: "loopback" | "kernel";
  /** The endpoint's address in the consumer's network, of either family. */
  readonly address: string;
  /** Its second address, IPv6, of endpoints with dual stack. */
  readonly address6?: string;
  /** It has a private name. */
  readonly hasName?: true;
  /** The ports that the consumer connects to. */
  readonly clientPorts: readonly number[];
  /** Most sessions at once; exact. */
  readonly maxSession: number;
  /** Why no connection is admitted, or null where connections are. */
  readonly refusal: AdmissionRefusal | null;
  /** Addresses and CIDRs of either family that may connect: nobody where it is empty, everybody where it is left out. */
  readonly sources?: readonly string[];
  /** Of those with the attachment `kernel`, and of no others. */
  readonly kernel?: Omit<KernelPlace, "network" | "service">;
}
