import type { AwayNode, DesiredNode } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import type { EndpointFailure, NodeFigures } from "../../domain/report.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import type { ServicePort } from "../../domain/resources.ts";
import type { BookedRefusals } from "../refusal-book.ts";
import type { FlowRecord } from "../flow-record.ts";
import type { LiveSession, SessionKey, SessionOrder } from "../../domain/live-session.ts";
import type { SlotMemory } from "./slots.ts";

/** How sessions are kept, the same for every endpoint. Times in milliseconds, greater than 0. */
export interface SessionSettings {
  /** A session that carried nothing for this long, in either direction, is reset. */
  readonly idleTimeoutMs: number;
  /** How long one node may take to accept, before the next one is tried. */
  readonly connectTimeoutMs: number;
  /** Silence after which TCP keepalive asks whether the other end still exists. */
  readonly keepAliveMs: number;
}

/** What a worker is started with. */
export interface WorkerSetup {
  readonly index: number;
  readonly workers: number;
  readonly memory: SlotMemory;
  readonly settings: SessionSettings;
  /** Whether it tells of every session that ends. */
  readonly recordsEnds: boolean;
}

/** A session that has ended. */
export type SlotRecord = Omit<FlowRecord, "endpointId"> & { readonly slot: number };

/** The state of one endpoint, as workers know it: by its slot. */
export interface SlotState {
  readonly slot: number;
  readonly maxSession: number;
  readonly refusal: RefusalReason | null;
  readonly nodes: readonly DesiredNode[];
  readonly away?: readonly AwayNode[];
  /** As of the desired endpoint. */
  readonly sources?: readonly string[];
  readonly serverPorts?: readonly ServicePort[];
}

/** One address and port of one endpoint. */
export interface ListenerKey {
  readonly slot: number;
  readonly address: string;
  readonly port: number;
}

/** A change to every worker, done in the order of the fields. */
export interface Change {
  readonly remove: readonly number[];
  readonly close: readonly ListenerKey[];
  readonly set: readonly SlotState[];
  readonly listen: readonly ListenerKey[];
}

/** What one worker did of a change. */
export interface ChangeResult {
  readonly severedSessions: number;
  readonly failures: readonly ListenFailure[];
}

export interface ListenFailure extends ListenerKey {
  readonly code: EndpointFailure["code"];
  readonly message: string;
}

/** Which of its sessions a worker is to list. */
export interface SlotSessionQuery {
  /** All where it is left out. */
  readonly slots?: readonly number[];
  readonly order?: SessionOrder;
  /** Most sessions to list, from 1. */
  readonly limit: number;
}

export type SlotSession = Omit<LiveSession, "endpointId"> & { readonly slot: number };

/** One worker's sessions, as in `SessionList`. */
export interface SlotSessionList {
  readonly total: number;
  readonly sessions: readonly SlotSession[];
}

/** A session that a worker is to end, if it is one of its own. */
export interface SlotSessionKey {
  readonly slot: number;
  readonly session: SessionKey;
}

/** What a worker is asked, and what it answers. */
export type Question =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "list"; readonly query: SlotSessionQuery }
  | ({ readonly kind: "end" } & SlotSessionKey)
  | { readonly kind: "countByNode" };

/** What goes to nodes; those that nothing goes to are left out. */
export type FiguresByNode = ReadonlyMap<NodeId, NodeFigures>;

/** To a worker. It answers each with one `answer` of the same sequence number. */
export interface WorkerRequest {
  readonly sequence: number;
  readonly question: Question;
}

/** From a worker. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | {
      readonly kind: "answer";
      readonly sequence: number;
      readonly result: ChangeResult | SlotSessionList | FiguresByNode | boolean;
    }
  /** Before the answer to the change that ended them. */
  | { readonly kind: "ended"; readonly records: readonly SlotRecord[] }
  /** Added up, by slot. Before the answer to a change that may give a slot to another endpoint. */
  | { readonly kind: "refused"; readonly refusals: readonly BookedRefusals<number>[] }
  | { readonly kind: "nodeUnreachable"; readonly node: DesiredNode }
  | { readonly kind: "acceptFailed"; readonly message: string };
