import type { EndpointId, NodeId, ServiceId, VpcId } from "./ids.ts";
import type { RefusalReason } from "./refusal.ts";
import type { ServicePort } from "./resources.ts";

/** What an engine is to bring about: one entry an endpoint, engine-neutral, complete. */
export interface DesiredEndpoint {
  readonly id: EndpointId;
  readonly address: string;
  /** IPv6, beside an IPv4 one: the two are one endpoint, with one cap and one set of counters. */
  readonly address6?: string;
  readonly clientPorts: readonly number[];
  readonly maxSession: number;
  /** Why every new connection is refused and every live one cut, or null. */
  readonly refusal: RefusalReason | null;
  /**
   * Addresses and CIDRs that may connect; all others get `source_not_allowed`, and their live sessions are cut.
   * Everybody may where it is left out.
   */
  readonly sources?: readonly string[];
  /** Healthy nodes in a stable order. Empty: new connections get `no_healthy_node`, live ones stay. */
  readonly nodes: readonly DesiredNode[];
  /** The service's other nodes: they get no new sessions, and may have live ones. None where it is left out. */
  readonly away?: readonly AwayNode[];
  /** Client ports that lead to another port of each node's host than the node's own. */
  readonly serverPorts?: readonly ServicePort[];
  /** Of endpoints in networks that the kernel carries; left out in loopback networks. */
  readonly kernel?: KernelPlace;
}

export interface KernelPlace {
  readonly network: VpcId;
  /** Endpoints of one service have the same nodes. */
  readonly service: ServiceId;
  /** The endpoint's own, for as long as it lives: 1 to 2^32-1. Flows of an earlier gateway process are known by it. */
  readonly number: number;
  /** Most new sessions a second; no limit where it is left out. */
  readonly connectionRate?: number;
  /** Most bytes a second, both directions together; no limit where it is left out. */
  readonly byteRate?: number;
}

/** How this host is attached to a consumers' network that the kernel carries. */
export type KernelAttachment =
  | {
      /** A NIC, VLAN, bridge or tunnel of the gateway's host, which serves nothing else. */
      readonly kind: "interface";
      readonly device: string;
    }
  | {
      /** An existing network namespace, that the gateway puts one end of a cable into. */
      readonly kind: "netns";
      readonly namespace: string;
    };

/** A consumers' network that the kernel carries. CIDRs may overlap. */
export interface DesiredNetwork {
  readonly id: VpcId;
  /** Its own for as long as it lives: 1 to 65,535. */
  readonly number: number;
  readonly attachment: KernelAttachment;
  /** All that consumers may connect from; other sources are spoofed. */
  readonly cidrs: readonly string[];
  /** The address that names are served at there, and that nothing else of the host's is reached by. */
  readonly resolver?: string;
}

/** The weight of a node that gets its whole share of new sessions. */
export const fullWeight = 4;

export interface DesiredNode {
  readonly host: string;
  readonly port: number;
  /** What its sessions are counted under; they are not counted where it is left out. */
  readonly id?: NodeId;
  /** Its share of new sessions beside the others', 1 to `fullWeight`; a whole one where it is left out. */
  readonly weight?: number;
}

/** What becomes of the live sessions of a node that gets no new ones. */
export type SessionsFate =
  /** They go on. */
  | "stay"
  /** Each ends, with FIN, once it is at rest: nobody waits for an answer on it. */
  | "close"
  /** All are reset. */
  | "cut";

export interface AwayNode extends DesiredNode {
  readonly sessions: SessionsFate;
}

/** Returns what consumers connect to: one address, or one of each family. */
export function addressesOf({
  address,
  address6,
}: Pick<DesiredEndpoint, "address" | "address6">): readonly string[] {
  return address6 === undefined ? [address] : [address, address6];
}
