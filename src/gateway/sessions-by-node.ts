import type { NodeId } from "../domain/ids.ts";

/** Adds up how many live sessions nodes have. */
export function sumByNode(counts: readonly ReadonlyMap<NodeId, number>[]): ReadonlyMap<NodeId, number> {
  const total = new Map<NodeId, number>();
  for (const count of counts) {
    for (const [id, sessions] of count) total.set(id, (total.get(id) ?? 0) + sessions);
  }
  return total;
}
