import type { NodeId } from "../../domain/ids.ts";
import { noTraffic } from "../../domain/node-figures.ts";
import type { NodeFigures, NodeTraffic } from "../../domain/report.ts";

/** What there is to know of a session here. */
export interface NodeSession {
  /** The node that has it, or is asked to take it. */
  readonly node: { readonly id?: NodeId } | null;
  /** Both 0 until a node has it. */
  readonly carried: { readonly isConnected: boolean; readonly bytesIn: number; readonly bytesOut: number };
}

/** Nodes that are remembered: those that a session ended on last. */
const mostNodes = 1_000;

/** What one worker's sessions have carried to and from nodes since it started: nobody counts while bytes move. */
export class NodeTotals {
  readonly #ended = new Map<NodeId, Changing<NodeTraffic>>();

  /** A session is over, and is none of the live ones any more. */
  end(session: NodeSession): void {
    const id = session.node?.id;
    if (id === undefined || !session.carried.isConnected) return;
    const traffic = this.#ended.get(id) ?? { ...noTraffic };
    addTo(traffic, session);
    this.#ended.delete(id);
    this.#ended.set(id, traffic);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostNodes && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Returns what ended sessions have carried and live ones carry. */
  read(live: Iterable<NodeSession>): ReadonlyMap<NodeId, NodeFigures> {
    const all = new Map<NodeId, Sum>();
    for (const [id, traffic] of this.#ended) all.set(id, { sessions: 0, traffic: { ...traffic } });
    for (const session of live) {
      const id = session.node?.id;
      if (id === undefined) continue;
      const sum = all.get(id) ?? { sessions: 0, traffic: { ...noTraffic } };
      all.set(id, sum);
      sum.sessions += 1;
      addTo(sum.traffic, session);
    }
    return all;
  }
}

/** There may be ten thousand sessions, every second: sums are changed in place. */
interface Sum {
  sessions: number;
  readonly traffic: Changing<NodeTraffic>;
}

type Changing<Value> = { -readonly [Name in keyof Value]: Value[Name] };

function addTo(traffic: Changing<NodeTraffic>, { carried }: NodeSession): void {
  if (carried.isConnected) traffic.newSessions += 1;
  traffic.bytesIn += carried.bytesIn;
  traffic.bytesOut += carried.bytesOut;
}
