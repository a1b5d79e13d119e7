import type { AwayNode, DesiredNode } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import { readFlow, readLiveMark, type Flow } from "./conntrack/flow.ts";
import { isAtRest, lookAtRest, type FlowRest } from "./flow-rest.ts";

/** Between two looks while sessions of nodes that get no new ones are waited for; otherwise. */
const leastWaitMs = { busy: 1_000, idle: 5_000 } as const;
/** Looking rests for so many times as long as it took: a million flows take seconds. */
const restBetweenLooks = 20;
/** Flows that are watched for coming to rest; those above are only counted. */
const mostWatched = 100_000;

export interface NodeWatchParts {
  /** Gives the attributes of every flow of the host, letting others run in between. */
  readonly walk: (receive: (attributes: Buffer) => void) => Promise<void>;
  readonly nodeOf: (flow: Flow) => DesiredNode | AwayNode | undefined;
  /** Grows with every change of the nodes that flows may go to. */
  readonly revision: () => number;
  /** Ends flows, each told by its key. */
  readonly end: (keys: ReadonlySet<string>, endpoints: ReadonlySet<number>) => Promise<unknown>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Counts the kernel's sessions by node, and ends those at rest on nodes whose sessions are to be closed. */
export class NodeWatch {
  readonly #parts: NodeWatchParts;
  #counted: { readonly revision: number; readonly counts: ReadonlyMap<NodeId, number> } | undefined;
  #rests: ReadonlyMap<string, FlowRest> = new Map();
  #isLooking = false;
  #dueAtMs = 0;
  #lookedAtRevision = -1;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
  }

  /** Live sessions of nodes that have any; undefined while they have not been counted since nodes changed last. */
  get counts(): ReadonlyMap<NodeId, number> | undefined {
    return this.#counted?.revision === this.#parts.revision() ? this.#counted.counts : undefined;
  }

  /** Looks at every flow where that is due; to be called often. @throws NetlinkError, SystemCallError */
  async look(): Promise<void> {
    const { now, revision } = this.#parts;
    const isNews = this.#lookedAtRevision !== revision();
    if (this.#isLooking || (now() < this.#dueAtMs && !isNews)) return;
    this.#isLooking = true;
    const startedAt = now();
    try {
      this.#lookedAtRevision = revision();
      await this.#look();
    } finally {
      this.#isLooking = false;
      const leastMs = this.#rests.size > 0 ? leastWaitMs.busy : leastWaitMs.idle;
      this.#dueAtMs = now() + Math.max(leastMs, (now() - startedAt) * restBetweenLooks);
    }
  }

  async #look(): Promise<void> {
    const { walk, nodeOf, revision, end, now } = this.#parts;
    const startedAt = revision();
    const counts = new Map<NodeId, number>();
    const rests = new Map<string, FlowRest>();
    const resting = { keys: new Set<string>(), endpoints: new Set<number>() };
    await walk((attributes) => {
      const flow = readLiveMark(attributes) === 0 ? undefined : readFlow(attributes);
      const node = flow && nodeOf(flow);
      if (!node) return;
      if (node.id !== undefined) counts.set(node.id, (counts.get(node.id) ?? 0) + 1);
      if (!("sessions" in node) || rests.size >= mostWatched) return;
      const key = flowKey(flow);
      const rest = lookAtRest(this.#rests.get(key), flow, now());
      rests.set(key, rest);
      if (node.sessions !== "close" || !isAtRest(rest, now())) return;
      resting.keys.add(key);
      resting.endpoints.add(flow.mark);
    });
    this.#rests = rests;
    this.#counted = { revision: startedAt, counts };
    if (resting.keys.size > 0) await end(resting.keys, resting.endpoints);
  }
}

/** What a live flow is told from all others by. */
export function flowKey({ zone, original }: Flow): string {
  const { source, sourcePort, destination, destinationPort } = original;
  return `${zone} ${source} ${sourcePort} ${destination} ${destinationPort}`;
}
