import type { LiveConnection } from "../../api/use-cluster.ts";
import type { ClusterNode } from "../../api/generated.ts";

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
  /** Undefined where nobody counts it. */
  readonly traffic: EdgeTraffic | undefined;
}

export interface EdgeTraffic {
  /** Since the gateways began. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Most networks that are drawn. */
export const mostNetworks = 12;

/**
 * Endpoints of one network of one account are one edge; who carries most comes first.
 * @param nameOf a network's name, or its id
 */
export function networkEdges(
  connections: readonly LiveConnection[],
  nameOf: (id: string) => string,
): readonly Edge[] {
  const edges = new Map<string, Edge>();
  for (const row of connections) {
    const id = `${row.account_id}/${row.vpc_id}`;
    const before = edges.get(id);
    const carried = before?.traffic ?? { bytes: 0, bytesPerSecond: 0 };
    edges.set(id, {
      id,
      side: "network",
      name: `${row.account} · ${nameOf(row.vpc_id)}`,
      note: row.account,
      isWell: before?.isWell === true || row.status === "accepted",
      isDrained: false,
      sessions: (before?.sessions ?? 0) + row.sessions,
      traffic: {
        bytes: carried.bytes + row.bytes_in + row.bytes_out,
        bytesPerSecond: carried.bytesPerSecond + row.bytesPerSecond,
      },
    });
  }
  return [...edges.values()].toSorted(
    (one, other) => other.sessions - one.sessions || one.id.localeCompare(other.id),
  );
}

/** @param rateOf bytes a second of a node, as the event stream tells them */
export function nodeEdges(nodes: readonly ClusterNode[], rateOf: (id: string) => number): readonly Edge[] {
  return nodes.map((node) => {
    const { bytes_in: bytesIn, bytes_out: bytesOut } = node;
    const isCounted = bytesIn !== undefined && bytesOut !== undefined;
    return {
      id: node.id,
      side: "node",
      name: new URL(node.url).host,
      note: node.healthy === false && !node.drain ? "down" : node.state,
      isWell: node.healthy !== false && !node.drain,
      isDrained: node.healthy !== false && node.drain !== undefined,
      sessions: node.sessions ?? 0,
      traffic: isCounted ? { bytes: bytesIn + bytesOut, bytesPerSecond: rateOf(node.id) } : undefined,
    };
  });
}

/** Returns the width of a line, from 1.5 to 12: each tenfold throughput is 2 more. */
export function widthOf(bytesPerSecond: number): number {
  return Math.min(12, 1.5 + 2 * Math.log10(1 + bytesPerSecond / 100));
}
