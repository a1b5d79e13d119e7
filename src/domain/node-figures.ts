import type { NodeId } from "./ids.ts";
import type { NodeFigures, NodeTraffic } from "./report.ts";

export const noTraffic: NodeTraffic = { newSessions: 0, bytesIn: 0, bytesOut: 0 };

/** Adds up what goes to each node. What somebody cannot count of a node is not known of it at all. */
export function sumByNode(
  all: readonly ReadonlyMap<NodeId, NodeFigures>[],
): ReadonlyMap<NodeId, NodeFigures> {
  const total = new Map<NodeId, NodeFigures>();
  for (const figures of all) {
    for (const [id, one] of figures) {
      const before = total.get(id);
      total.set(id, before ? addFigures(before, one) : one);
    }
  }
  return total;
}

/** Adds two figures of one node. */
export function addFigures(one: NodeFigures, other: NodeFigures): NodeFigures {
  const sessions = one.sessions + other.sessions;
  if (!one.traffic || !other.traffic) return { sessions };
  return { sessions, traffic: addTraffic(one.traffic, other.traffic) };
}

/** Adds up what one node has carried. */
export function addTraffic(one: NodeTraffic, other: NodeTraffic): NodeTraffic {
  return {
    newSessions: one.newSessions + other.newSessions,
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
  };
}
