import type { DesiredNode } from "../../domain/desired.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import type { SlotState } from "./messages.ts";
import type { SlotCounters } from "./slots.ts";

/** One endpoint in one worker: who is let in, and to which node. */
export class Endpoint {
  readonly slot: number;
  readonly counters: SlotCounters;
  #state: SlotState;
  #turn: number;

  /** @param workerShare where this worker starts its rounds over the nodes, 0 to 1: workers start apart */
  constructor(state: SlotState, counters: SlotCounters, workerShare: number) {
    this.slot = state.slot;
    this.counters = counters;
    this.#state = state;
    this.#turn = Math.floor(workerShare * state.nodes.length);
  }

  get refusal(): RefusalReason | null {
    return this.#state.refusal;
  }

  update(state: SlotState): void {
    this.#state = state;
  }

  /** Counts a new session, or the reason why there is none. Whoever gets null calls `leave` once. */
  admit(): RefusalReason | null {
    const refusal = this.#refusalNow();
    if (refusal !== null) this.counters.countRefusal(this.slot, refusal);
    return refusal;
  }

  leave(): void {
    this.counters.leave(this.slot);
  }

  /** Every node once, beginning with the one whose turn it is. */
  *rotation(): Generator<DesiredNode, undefined> {
    const { nodes } = this.#state;
    const first = this.#turn++;
    for (let step = 0; step < nodes.length; step++) {
      const node = nodes[(first + step) % nodes.length];
      if (node !== undefined) yield node;
    }
  }

  #refusalNow(): RefusalReason | null {
    const { refusal, nodes, maxSession } = this.#state;
    if (refusal !== null) return refusal;
    if (nodes.length === 0) return "no_healthy_node";
    return this.counters.tryEnter(this.slot, maxSession) ? null : "session_cap";
  }
}
