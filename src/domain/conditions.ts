import type { EventKind } from "./events.ts";
import type { Timestamp } from "./resources.ts";

/**
 * Something that lasts, such as "this node is down": what was last seen of it, and what was last told. Kept in the store,
 * so that neither a restart nor a lost report loses or repeats an event.
 */
export interface Condition {
  /** Kind and id of what it is about, and what it says of it: `node/…#health`. */
  readonly key: string;
  /** As last seen: a word, or a number as text. */
  readonly seen: string;
  /** As last told. */
  readonly told: string;
  readonly toldAt: Timestamp;
  /** Changes since it was last told: more than one where it flaps. */
  readonly changes: number;
}

/** What is to be told of a condition: from what, to what. */
export interface Turn {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** How often it has changed since the last time that it was told: 1 where it does not flap. */
  readonly changes: number;
}

export interface Judged {
  /** Left out where nothing of it has changed. */
  readonly next?: Condition;
  readonly turn?: Turn;
}

/** One condition is told of at most this often: who flaps is told of with a count. */
export const quietMs = 10_000;

/**
 * Returns what becomes of a condition that is now seen as `seen`.
 * @param normal as what it is taken where nothing was seen before
 */
export function judge(
  known: Condition | undefined,
  key: string,
  seen: string,
  normal: string,
  now: Timestamp,
): Judged {
  const before = known ?? { key, seen: normal, told: normal, toldAt: 0, changes: 0 };
  const changes = before.changes + (before.seen === seen ? 0 : 1);
  if (seen !== before.told && now - before.toldAt >= quietMs) {
    return {
      next: { key, seen, told: seen, toldAt: now, changes: 0 },
      turn: { key, from: before.told, to: seen, changes },
    };
  }
  const hasChanged = seen !== before.seen;
  return hasChanged ? { next: { ...before, seen, changes } } : {};
}

export type CapLevel = "0" | "80" | "100";

/**
 * Returns how full an endpoint is: it reaches 80 and 100 % there, and leaves them ten points below, so that one session
 * more or less is no news.
 * @param refused whether connections were refused for the cap since the last look: then it was full, if not any more
 */
export function capLevel(sessions: number, maxSession: number, before: CapLevel, refused: boolean): CapLevel {
  const percent = (sessions / maxSession) * 100;
  if (refused || percent >= 100 || (before === "100" && percent >= 90)) return "100";
  if (percent >= 80 || (before !== "0" && percent >= 70)) return "80";
  return "0";
}

export type PoolLevel = "enough" | "almost_empty";

/** Returns how a subnet's pool stands: almost empty from 90 % on, and enough again below 85 %. */
export function poolLevel(used: number, size: number, before: PoolLevel): PoolLevel {
  const percent = size === 0 ? 0 : (used / size) * 100;
  return percent >= (before === "almost_empty" ? 85 : 90) ? "almost_empty" : "enough";
}

/** Action in the audit trail of each event that gateways make happen. */
export const auditActions = {
  "node.down": "nodeOut",
  "node.up": "nodeIn",
  "service.no_healthy_node": "noHealthyNode",
  "service.healthy": "healthyNode",
  "cap.80": "capAlmostReached",
  "cap.100": "capReached",
  "sessions.severed": "sessionsSevered",
  "pool.almost_empty": "poolAlmostEmpty",
  "gateway.silent": "gatewaySilent",
  "gateway.back": "gatewayBack",
  "gateway.takeover": "gatewayTakeover",
} as const satisfies Partial<Record<EventKind, string>>;
export type DataPlaneKind = keyof typeof auditActions;
