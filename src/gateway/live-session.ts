import type { EndpointId } from "../domain/ids.ts";

/** One end of a session as the gateway sees it. */
export interface SessionPeer {
  /** IPv4 or IPv6. */
  readonly host: string;
  readonly port: number;
}

/** `opening`: the node has not answered yet. `closing`: one end has said that it is done. */
export type SessionState = "opening" | "established" | "closing";

/** A consumer's connection that is carried now. */
export interface LiveSession {
  readonly endpointId: EndpointId;
  /** The consumer. */
  readonly source: SessionPeer;
  /** Undefined while no node has it. */
  readonly node?: SessionPeer;
  /** Milliseconds since the epoch; undefined where the kernel does not note it. */
  readonly startedAt?: number;
  /** From the consumer, and to him. The kernel counts packets with their headers, the proxy what they carry. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly state: SessionState;
}

export interface SessionQuery {
  /** Of this endpoint only; of all where it is left out. */
  readonly endpointId?: EndpointId;
  /** Most sessions to return, from 1. */
  readonly limit: number;
}

export interface SessionList {
  /** How many there are. */
  readonly total: number;
  /** The newest of them, newest first. */
  readonly sessions: readonly LiveSession[];
}

/** Puts lists together; each holds its own newest. @param limit most sessions to keep, from 1 */
export function mergeSessions(lists: readonly SessionList[], limit: number): SessionList {
  const all = lists.flatMap(({ sessions }) => sessions);
  all.sort((one, other) => (other.startedAt ?? 0) - (one.startedAt ?? 0));
  return { total: lists.reduce((sum, { total }) => sum + total, 0), sessions: all.slice(0, limit) };
}
