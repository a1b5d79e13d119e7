import type { LiveConnection } from "../../api/use-cluster.ts";
import type { ClusterNode, LiveSession } from "../../api/generated.ts";

/** One line of the picture: from a network to the gateway, or from the gateway to a node. */
export interface Edge {
  readonly id: string;
  readonly side: "network" | "node";
  readonly name: string;
  /** What is said below the name. */
  readonly note: string;
  readonly isWell: boolean;
  /** A node that takes no new sessions because its owner wants that. */
  readonly isDrained: boolean;
  readonly sessions: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Most networks that are drawn. */
export const mostNetworks = 12;

/** Endpoints of one network of one account are one edge; who carries most comes first. */
export function networkEdges(connections: readonly LiveConnection[]): readonly Edge[] {
  const edges = new Map<string, Edge>();
  for (const row of connections) {
    const id = `${row.account_id}/${row.vpc_id}`;
    const before = edges.get(id);
    edges.set(id, {
      id,
      side: "network",
      name: row.vpc_id,
      note: row.account_id,
      isWell: before?.isWell === true || row.status === "accepted",
      isDrained: false,
      sessions: (before?.sessions ?? 0) + row.sessions,
      bytes: (before?.bytes ?? 0) + row.bytes_in + row.bytes_out,
      bytesPerSecond: (before?.bytesPerSecond ?? 0) + row.bytesPerSecond,
    });
  }
  return [...edges.values()].toSorted(
    (one, other) => other.sessions - one.sessions || one.id.localeCompare(other.id),
  );
}

/** @param sessions those of now: their bytes are the node's, whose share of the throughput is by sessions */
export function nodeEdges(
  nodes: readonly ClusterNode[],
  sessions: readonly LiveSession[],
  bytesPerSecond: number,
): readonly Edge[] {
  const total = nodes.reduce((sum, node) => sum + (node.sessions ?? 0), 0);
  return nodes.map((node) => {
    const host = new URL(node.url).host;
    const own = sessions.filter((session) => session.node === host);
    const count = node.sessions ?? own.length;
    return {
      id: node.id,
      side: "node",
      name: host,
      note: node.drain ? node.state : node.healthy === false ? "down" : node.state,
      isWell: node.healthy !== false && !node.drain,
      isDrained: node.healthy !== false && node.drain !== undefined,
      sessions: count,
      bytes: own.reduce((sum, session) => sum + session.bytes_in + session.bytes_out, 0),
      bytesPerSecond: total === 0 ? 0 : (bytesPerSecond * count) / total,
    };
  });
}

/** Returns the width of a line, from 1.5 to 12: each tenfold throughput is 2 more. */
export function widthOf(bytesPerSecond: number): number {
  return Math.min(12, 1.5 + 2 * Math.log10(1 + bytesPerSecond / 100));
}
