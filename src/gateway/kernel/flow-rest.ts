import type { Flow, Traffic } from "./conntrack/flow.ts";

/** Headers of a packet take no more: IPv6, TCP with timestamps and room to spare. */
const mostHeaderBytes = 80;
/** A flow on which nothing passed for so long is at rest, if the node spoke last. */
const restMs = 2_000;

/** What one look at a flow leaves for the next one. */
export interface FlowRest {
  readonly sent: Traffic;
  readonly received: Traffic;
  /** When payload was last seen to have passed, on the caller's clock. */
  readonly quietSinceMs: number;
  /** Whether the node said something in the time when payload last passed. */
  readonly hasAnswered: boolean;
}

/**
 * Takes in one more look at a flow. The kernel counts packets and bytes with their headers, and tells no order: a request
 * counts as answered when the node sent more than acknowledgements since the look before.
 * @param before what the last look left; undefined at the first
 * @param nowMs on a clock that never goes back
 */
export function lookAtRest(before: FlowRest | undefined, { sent, received }: Flow, nowMs: number): FlowRest {
  const hasAsked = payload(sent, before?.sent) > 0;
  const hasAnswered = payload(received, before?.received) > 0;
  if (before && !hasAsked && !hasAnswered) return { ...before, sent, received };
  return { sent, received, quietSinceMs: nowMs, hasAnswered };
}

export function isAtRest({ quietSinceMs, hasAnswered }: FlowRest, nowMs: number): boolean {
  return hasAnswered && nowMs - quietSinceMs >= restMs;
}

/** At least so many bytes of payload passed; 0 or less: none that is sure. */
function payload(now: Traffic, before: Traffic = { packets: 0, bytes: 0 }): number {
  return now.bytes - before.bytes - (now.packets - before.packets) * mostHeaderBytes;
}
