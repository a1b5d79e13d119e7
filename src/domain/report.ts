import type { EndpointId, NodeId, ServiceId } from "./ids.ts";
import type { RefusalBatch } from "./refusal-record.ts";
import { refusalReasons, type RefusalReason } from "./refusal.ts";

/** What carries endpoints: `proxy` those in loopback networks, `kernel` all others. */
export const engineKinds = ["proxy", "kernel"] as const;
export type EngineKind = (typeof engineKinds)[number];

/** What a gateway tells the server after it applied a snapshot, and from time to time. */
export interface GatewayReport {
  /** Revision that is in force in the gateway. */
  readonly appliedRevision: number;
  /** Of the snapshot that is in force; empty where it had none. Gateways of earlier versions leave it out. */
  readonly lineage?: string;
  /** Sessions that the last applied revision cut. */
  readonly severedSessions: number;
  /** Time that the last apply took, in milliseconds. */
  readonly applyMs: number;
  readonly pid: number;
  /** Engines that run. Gateways of earlier versions leave it out. */
  readonly engines?: readonly EngineKind[];
  /** Every endpoint that could not be brought up. Complete: one that is neither here nor in `coming` is up. */
  readonly failures: readonly EndpointFailure[];
  /** Endpoints of which the gateway is still finding out whether they can be brought up; none where it is left out. */
  readonly coming?: readonly EndpointId[];
  readonly nodes: readonly NodeHealth[];
  /** Nodes that sessions may go to, or went to. Left out while they have not been counted since the last apply. */
  readonly nodeSessions?: readonly NodeSessions[];
  /** Those whose figures changed since the server last took a report. */
  readonly endpoints: readonly EndpointFigures[];
  /** Endpoints of earlier reports that the gateway does not carry any more. */
  readonly gone: readonly EndpointId[];
  /** What was refused since the last batch that the server took; nothing where it is left out. */
  readonly refusals?: RefusalBatch;
}

export interface EndpointFailure {
  readonly endpointId: EndpointId;
  readonly code: "port_taken" | "address_unavailable" | "limit" | "internal";
  /** For people, with address and port. */
  readonly message: string;
}

export interface NodeHealth {
  readonly serviceId: ServiceId;
  readonly nodeId: NodeId;
  readonly healthy: boolean;
  /** What the last check saw: "HTTP 200", "ECONNREFUSED", "timeout after 2000 ms". */
  readonly detail: string;
}

/** What goes to one node through a gateway. */
export interface NodeFigures {
  /** Live ones. */
  readonly sessions: number;
  /** Left out where the kernel counts at an address that other nodes have too, or has no room to count at it. */
  readonly traffic?: NodeTraffic;
}

/** Counters since the gateway started. */
export interface NodeTraffic {
  readonly newSessions: number;
  /** From consumers to the node. */
  readonly bytesIn: number;
  /** From the node to consumers. */
  readonly bytesOut: number;
}

export interface NodeSessions extends NodeFigures {
  readonly nodeId: NodeId;
}

/** Counters since the gateway started; `sessions` is now. */
export interface EndpointFigures {
  readonly endpointId: EndpointId;
  readonly sessions: number;
  readonly newSessions: number;
  /** From the consumer to the nodes. */
  readonly bytesIn: number;
  /** From the nodes to the consumer. */
  readonly bytesOut: number;
  readonly refusals: Readonly<Record<RefusalReason, number>>;
  /** Sessions that were cut because they were no longer allowed; older gateways do not count them. */
  readonly severed?: number;
}

const noRefusals = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Readonly<
  Record<RefusalReason, number>
>;

/** Returns the counters of an endpoint that nobody came to yet. */
export function zeroFigures(endpointId: EndpointId): EndpointFigures {
  return { endpointId, sessions: 0, newSessions: 0, bytesIn: 0, bytesOut: 0, refusals: noRefusals };
}
