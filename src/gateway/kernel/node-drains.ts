import { isIP } from "node:net";
import type { AwayNode, DesiredNode } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import type { NodeFigures } from "../../domain/report.ts";
import type { EngineLog } from "../engine.ts";
import type { Flow } from "./conntrack/flow.ts";
import type { KernelSessions } from "./kernel-sessions.ts";
import { figuresOfNodes, NodeCounters, type NodeCounterTables } from "./node-counters.ts";
import { flowKey, NodeWatch } from "./node-watch.ts";
import type { Plan } from "./plan.ts";
import { relayPortOf, type Relay } from "./relay/relay.ts";
import { sever, type SeverParts, type Verdict } from "./sever.ts";

/** How often it is asked whether looking at all flows is due. */
const askMs = 250;

export interface NodeDrainsParts extends SeverParts {
  readonly tables: NodeCounterTables;
  readonly plan: Plan;
  readonly relay: Relay;
  readonly sessions: Pick<KernelSessions, "walk">;
  readonly log: EngineLog;
}

/** What becomes of sessions on nodes that get no new ones, and what each node has and has carried. */
export class NodeDrains {
  readonly #parts: NodeDrainsParts;
  readonly #watch: NodeWatch;
  readonly #counters: NodeCounters;
  #cannotCount = false;
  readonly #watching: NodeJS.Timeout;
  /** Nodes whose sessions have been cut, by the lists that said so. */
  #cut = new WeakSet<readonly AwayNode[]>();

  constructor(parts: NodeDrainsParts) {
    this.#parts = parts;
    this.#watch = new NodeWatch({
      walk: (receive) => parts.sessions.walk(receive),
      nodeOf: (flow) => this.#nodeOf(flow),
      revision: () => parts.plan.nodesRevision,
      end: (keys, endpoints) => this.#end(keys, endpoints),
      now: () => performance.now(),
    });
    this.#counters = new NodeCounters(parts.tables, () => performance.now());
    this.#watching = setInterval(() => this.#look(), askMs);
    this.#watching.unref();
  }

  /** What every node that flows may go to has; undefined as {@link NodeWatch.counts} is. */
  get figures(): ReadonlyMap<NodeId, NodeFigures> | undefined {
    const { plan, relay } = this.#parts;
    const { counts } = this.#watch;
    if (!counts) return undefined;
    const ids = new Set([...plan.nodes].flatMap(({ id }) => id ?? []));
    // Before the first endpoints are known, all that a predecessor has counted would be nobody's.
    if (ids.size === 0) return new Map();
    const counted = this.#countersDo((counters) => counters.read(plan.places)) ?? new Map();
    return figuresOfNodes(ids, { sessions: counts, counted, relayed: relay.traffic() });
  }

  /** Makes the kernel count what goes to nodes that the plan newly leads to; to be called before it does. */
  countNews(): void {
    const nodes = [...this.#parts.plan.groups.turns().values()].flatMap(({ after }) => after?.nodes ?? []);
    if (nodes.length > 0) this.#countersDo((counters) => counters.count(nodes));
  }

  /** Returns what ends the sessions on nodes whose sessions are to be cut, by endpoint; of each such node once. */
  takeCuts(): ReadonlyMap<number, Verdict> {
    const isOnCutNode = (flow: Flow): boolean => {
      const node = this.#nodeOf(flow);
      return node !== undefined && "sessions" in node && node.sessions === "cut";
    };
    const cuts = new Map<number, Verdict>();
    for (const { away, endpoints } of this.#parts.plan.away) {
      const cut = away.filter(({ sessions }) => sessions === "cut");
      if (cut.length === 0 || this.#cut.has(away)) continue;
      // An address of a name may turn up later.
      if (cut.every(({ host }) => isIP(host) !== 0)) this.#cut.add(away);
      for (const number of endpoints) cuts.set(number, isOnCutNode);
    }
    return cuts;
  }

  /** What `takeCuts` returned may not have been carried out: it returns it again. */
  forgetCuts(): void {
    this.#cut = new WeakSet();
  }

  close(): void {
    clearInterval(this.#watching);
  }

  #nodeOf({ mark, reply }: Flow): DesiredNode | AwayNode | undefined {
    const { plan, relay } = this.#parts;
    const relayed = relayPortOf(reply);
    if (relayed === undefined) return plan.nodeAt(mark, reply.source, reply.sourcePort);
    const node = relay.nodeOf(relayed);
    return node && plan.withFate(mark, node);
  }

  /** Nothing that carries sessions may fail because they cannot be counted. */
  #countersDo<Result>(work: (counters: NodeCounters) => Result): Result | undefined {
    try {
      const result = work(this.#counters);
      this.#cannotCount = false;
      return result;
    } catch (error) {
      if (!this.#cannotCount) this.#parts.log.error({ err: error }, "what nodes carry cannot be counted");
      this.#cannotCount = true;
      return undefined;
    }
  }

  async #end(keys: ReadonlySet<string>, endpoints: ReadonlySet<number>): Promise<void> {
    const isWanted = (flow: Flow): boolean => keys.has(flowKey(flow));
    await sever(this.#parts, new Map([...endpoints].map((number) => [number, isWanted])));
  }

  #look(): void {
    this.#watch.look().catch((error: unknown) => {
      this.#parts.log.error({ err: error }, "counting the sessions of nodes failed");
    });
  }
}
