import { fullWeight, type DesiredNode } from "../domain/desired.ts";

/**
 * Returns who gets the next `length` new sessions, one after the other: each node as often as its weight says beside the
 * others', spread as evenly as can be. Nodes of equal weight take turns in their order. Pure.
 * @param length from 0; as many as `turnsInARound` returns make every share exact
 */
export function weightedTurns(nodes: readonly DesiredNode[], length: number): readonly DesiredNode[] {
  const total = turnsInARound(nodes);
  const credits = nodes.map(() => 0);
  return Array.from({ length: nodes.length > 0 ? length : 0 }, () => {
    let next = 0;
    for (const [index, node] of nodes.entries()) {
      credits[index] = (credits[index] ?? 0) + weightOf(node);
      if ((credits[index] ?? 0) > (credits[next] ?? 0)) next = index;
    }
    credits[next] = (credits[next] ?? 0) - total;
    return nodes[next] as DesiredNode;
  });
}

/** The sum of the nodes' weights. */
export function turnsInARound(nodes: readonly DesiredNode[]): number {
  return nodes.reduce((sum, node) => sum + weightOf(node), 0);
}

function weightOf({ weight = fullWeight }: DesiredNode): number {
  return weight;
}
