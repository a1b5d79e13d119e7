import type { NodeHealth } from "./report.ts";
import type { ClusterNode } from "./resources.ts";

/**
 * `serving`: gets new sessions; `draining`: gets none, and may have live ones; `drained`: has none any more;
 * `down`: does not answer its health check.
 */
export type NodeState = "serving" | "draining" | "drained" | "down";

/**
 * Returns what a node is to its owner. Pure.
 * @param health what a gateway says of it; undefined where none carries sessions to it
 * @param sessions live sessions on it; null where they have not been counted
 */
export function nodeState(
  { drain }: ClusterNode,
  health: NodeHealth | undefined,
  sessions: number | null,
): NodeState {
  if (drain) return sessions === 0 ? "drained" : "draining";
  return health?.healthy === false ? "down" : "serving";
}
