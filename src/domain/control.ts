import type { EndpointId, GatewayId, NodeId } from "./ids.ts";
import type { EndpointFigures, EngineKind, NodeFigures, NodeHealth } from "./report.ts";
import type { Timestamp } from "./resources.ts";

/** What became of a revision. */
export interface Outcome {
  /** Whether every gateway that carries endpoints has it in force. */
  readonly enforced: boolean;
  /** Sessions that were cut by it. */
  readonly severedSessions: number;
}

/** How the API learns what the gateways did with a write. */
export interface Enforcement {
  /** Resolves once the gateways have the revision in force, or after the longest wait that the API may make. */
  reached(revision: number): Promise<Outcome>;
}

export interface GatewayView {
  readonly id: GatewayId;
  readonly connected: boolean;
  /** null until the first report to this server process. */
  readonly appliedRevision: number | null;
  readonly pid: number | null;
  /** Those that run; null until it has told. */
  readonly engines: readonly EngineKind[] | null;
  /** When it was heard of; null where it never was. */
  readonly lastSeenAt: Timestamp | null;
}

/** What came of late to an endpoint, where new sessions a second are counted. */
export interface RecentRate {
  /** Connections that were within the rate. */
  readonly passed: number;
  /** Those that were refused as `connection_rate`. */
  readonly refused: number;
  /** The time that all of it came in, in milliseconds: at most a second and the time between two reports. */
  readonly withinMs: number;
}

/** What the gateways last said, for people and programs to look at. */
export interface LiveView {
  endpoint(id: EndpointId): EndpointFigures | undefined;
  /** undefined where nothing came in the last second before the gateway's report, or nothing is known. */
  recentRate(id: EndpointId): RecentRate | undefined;
  node(id: NodeId): NodeHealth | undefined;
  /**
   * What goes to a node through all gateways; null where one of them has not counted it, or there is none. Without
   * traffic where one of those that carry sessions there cannot tell it.
   */
  nodeFigures(id: NodeId): NodeFigures | null;
  gateways(): readonly GatewayView[];
  /** Live sessions of all endpoints. */
  totalSessions(): number;
}
