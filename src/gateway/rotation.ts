import type { DesiredNode } from "../domain/desired.ts";
import { turnsInARound, weightedTurns } from "./weighted-turns.ts";

/** Nodes that take turns with new sessions, each as often as its weight says. */
export class Rotation {
  #nodes: readonly DesiredNode[];
  #turns: readonly DesiredNode[];
  #turn: number;

  /** @param share where the rounds start, 0 to 1: those who share nodes start apart */
  constructor(nodes: readonly DesiredNode[], share = 0) {
    this.#nodes = nodes;
    this.#turns = turnsOf(nodes);
    this.#turn = Math.floor(share * this.#turns.length);
  }

  /** New sessions go to these. */
  update(nodes: readonly DesiredNode[]): void {
    this.#nodes = nodes;
    this.#turns = turnsOf(nodes);
  }

  /**
   * Every node once, beginning with the one whose turn it is. One that gets no new sessions any more when it would be its
   * turn is passed over.
   */
  *next(): Generator<DesiredNode, undefined> {
    const turns = this.#turns;
    const first = this.#turn++;
    const tried = new Set<DesiredNode>();
    for (let step = 0; step < turns.length; step++) {
      const node = turns[(first + step) % turns.length];
      if (node === undefined || tried.has(node)) continue;
      tried.add(node);
      if (turns === this.#turns || this.#has(node)) yield node;
    }
  }

  #has({ host, port }: DesiredNode): boolean {
    return this.#nodes.some((node) => node.host === host && node.port === port);
  }
}

function turnsOf(nodes: readonly DesiredNode[]): readonly DesiredNode[] {
  const areEqual = nodes.every(({ weight }) => weight === nodes[0]?.weight);
  return areEqual ? nodes : weightedTurns(nodes, turnsInARound(nodes));
}
