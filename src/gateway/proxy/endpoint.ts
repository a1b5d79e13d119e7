import type { DesiredNode, SessionsFate } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import { Rotation } from "../rotation.ts";
import type { SlotState } from "./messages.ts";
import type { SlotCounters } from "./slots.ts";
import { SourceFilter } from "./source-filter.ts";

/** One endpoint in one worker: who is let in, and to which node. */
export class Endpoint {
  readonly slot: number;
  readonly counters: SlotCounters;
  #state: SlotState;
  #filter: SourceFilter | null;
  readonly #rotation: Rotation;
  #fates: ReadonlyMap<NodeId, SessionsFate>;

  /** @param workerShare where this worker starts its rounds over the nodes, 0 to 1: workers start apart */
  constructor(state: SlotState, counters: SlotCounters, workerShare: number) {
    this.slot = state.slot;
    this.counters = counters;
    this.#state = state;
    this.#filter = filterOf(state);
    this.#rotation = new Rotation(state.nodes, workerShare);
    this.#fates = fatesOf(state);
  }

  get refusal(): RefusalReason | null {
    return this.#state.refusal;
  }

  /** Whether only some sources may connect. */
  get isFiltered(): boolean {
    return this.#filter !== null;
  }

  update(state: SlotState): void {
    this.#state = state;
    this.#filter = filterOf(state);
    this.#rotation.update(state.nodes);
    this.#fates = fatesOf(state);
  }

  /** Whether sessions that are on some node have to end. */
  get isEndingSome(): boolean {
    return this.#fates.size > 0;
  }

  /** What is to become of the sessions on a node. */
  fateOn({ id }: DesiredNode): SessionsFate {
    return (id === undefined ? undefined : this.#fates.get(id)) ?? "stay";
  }

  /** @param source asked only where sources are filtered: finding it out costs a system call */
  allows(source: () => string | undefined): boolean {
    return this.#filter === null || this.#filter.allows(source());
  }

  /**
   * Counts a new session, or the reason why there is none. Whoever gets null calls `leave` once.
   * @param source see `allows`
   */
  admit(source: () => string | undefined): RefusalReason | null {
    const refusal = this.#refusalNow(source);
    if (refusal !== null) this.counters.countRefusal(this.slot, refusal);
    return refusal;
  }

  leave(): void {
    this.counters.leave(this.slot);
  }

  /** The port of each node's host that a client port leads to; undefined: the node's own. */
  serverPort(clientPort: number): number | undefined {
    return this.#state.serverPorts?.find((port) => port.clientPort === clientPort)?.serverPort;
  }

  /** As `Rotation.next`, at the port that the client port leads to. */
  *rotation(clientPort: number): Generator<DesiredNode, undefined> {
    const port = this.serverPort(clientPort);
    for (const node of this.#rotation.next())
      yield port === undefined
        ? node
        : { host: node.host, port, ...(node.id === undefined ? {} : { id: node.id }) };
  }

  #refusalNow(source: () => string | undefined): RefusalReason | null {
    const { refusal, nodes, maxSession } = this.#state;
    if (refusal !== null) return refusal;
    if (!this.allows(source)) return "source_not_allowed";
    if (nodes.length === 0) return "no_healthy_node";
    return this.counters.tryEnter(this.slot, maxSession) ? null : "session_cap";
  }
}

function filterOf({ sources }: SlotState): SourceFilter | null {
  return sources === undefined ? null : new SourceFilter(sources);
}

function fatesOf({ away = [] }: SlotState): ReadonlyMap<NodeId, SessionsFate> {
  const ending = away.filter(({ sessions }) => sessions !== "stay");
  return new Map(ending.flatMap(({ id, sessions }) => (id === undefined ? [] : [[id, sessions]])));
}
