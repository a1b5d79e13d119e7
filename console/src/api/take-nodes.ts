import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { Cluster, LiveNode } from "./generated.ts";

/**
 * Puts nodes as the event stream tells of them into the answers that hold them.
 * @returns the keys of queries whose answers do not have such a node yet
 */
export function takeNodes(queries: QueryClient, nodes: readonly LiveNode[]): readonly QueryKey[] {
  queries.setQueryData<readonly Cluster[]>(["clusters", "list"], (clusters) =>
    clusters?.map((cluster) => withNodes(cluster, nodes)),
  );
  const ids = [...new Set(nodes.map(({ cluster }) => cluster))];
  return ids.flatMap((id): readonly QueryKey[] => {
    const known = queries.setQueryData<Cluster>(
      ["clusters", id, "cluster"],
      (cluster) => cluster && withNodes(cluster, nodes),
    );
    const isMissing = nodes.some(
      (node) => node.cluster === id && known?.nodes.every((each) => each.id !== node.id),
    );
    return isMissing ? [["clusters", id, "cluster"]] : [];
  });
}

function withNodes(cluster: Cluster, news: readonly LiveNode[]): Cluster {
  const own = new Map(
    news.flatMap(({ cluster: id, ...node }) => (id === cluster.id ? [[node.id, node] as const] : [])),
  );
  if (own.size === 0) return cluster;
  return { ...cluster, nodes: cluster.nodes.map((node) => own.get(node.id) ?? node) };
}
