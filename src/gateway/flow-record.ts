import type { EndpointId, VpcId } from "../domain/ids.ts";
import { peerText, type SessionPeer } from "../domain/live-session.ts";

/**
 * Why a session ended.
 * `closed`: both ends were done. `reset`: an end broke it off, maybe after it was done. `idle_timeout`: nobody said a
 * thing for too long. `unanswered`: no node took it. `severed`: it was no longer allowed, or somebody ended it.
 * `dropped`: the kernel had no room for it, or lost the interface. `unknown`: the kernel does not tell.
 */
export type EndReason =
  | "closed"
  | "reset"
  | "idle_timeout"
  | "unanswered"
  | "severed"
  | "dropped"
  | "unknown";

/** A session that has ended. */
export interface FlowRecord {
  /** Milliseconds since the epoch; undefined where the kernel does not note it. */
  readonly startedAt?: number;
  readonly endedAt: number;
  readonly endpointId: EndpointId;
  /** Left out in loopback networks. */
  readonly network?: VpcId;
  readonly source: SessionPeer;
  readonly node?: SessionPeer;
  /** From the consumer, and to him; see {@link LiveSession}. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly reason: EndReason;
}

/** Takes records as they come; never throws, never waits. */
export interface FlowRecordSink {
  record(record: FlowRecord): void;
  /** Records were lost before they could be taken. */
  overrun(): void;
}

/** One line of the flow log, without its end. What is not known is null. */
export function flowLine(record: FlowRecord): string {
  return JSON.stringify({
    start: timeText(record.startedAt),
    end: timeText(record.endedAt),
    endpoint: record.endpointId,
    vpc: record.network ?? null,
    source: peerText(record.source),
    node: record.node ? peerText(record.node) : null,
    bytes_in: record.bytesIn,
    bytes_out: record.bytesOut,
    reason: record.reason,
  });
}

/** ISO 8601 with milliseconds, or null. */
export function timeText(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
