import { refusalReasons } from "../../domain/refusal.ts";
import type { RefusalReason } from "../../domain/refusal.ts";

/** Endpoints that one engine can carry: the shared tables are laid out for this many. */
export const slotLimit = 65_536;

const newSessionsAt = 0;
const bytesInAt = 1;
const bytesOutAt = 2;
const severedAt = 3;
const refusalsAt = 4;
const width = refusalsAt + refusalReasons.length;

/**
 * The memory that the workers and the main thread share. Pages that no endpoint uses are never touched,
 * so the tables cost address space and no memory.
 */
export interface SlotMemory {
  /** Int32 a slot: live sessions, over all workers. The only cells that more than one worker writes. */
  readonly live: SharedArrayBuffer;
  /**
   * One table a worker, written by that worker alone: plain additions are enough. Behind it, an Int32 a slot, which
   * tells the main thread where something has changed.
   */
  readonly counters: readonly SharedArrayBuffer[];
}

/** What one endpoint has counted, over all workers. */
export interface SlotFigures {
  readonly sessions: number;
  readonly newSessions: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly refusals: Readonly<Record<RefusalReason, number>>;
  /** Left out where there were none. */
  readonly severed?: number;
}

const tableBytes = slotLimit * width * Float64Array.BYTES_PER_ELEMENT;
const changesBytes = slotLimit * Int32Array.BYTES_PER_ELEMENT;

export function allocateSlotMemory(workers: number): SlotMemory {
  return {
    live: new SharedArrayBuffer(slotLimit * Int32Array.BYTES_PER_ELEMENT),
    counters: Array.from({ length: workers }, () => new SharedArrayBuffer(tableBytes + changesBytes)),
  };
}

/** One worker's view: counts sessions against the cap of their endpoint, and what they carry. */
export class SlotCounters {
  readonly #live: Int32Array;
  readonly #own: Float64Array;
  readonly #changes: Int32Array;

  constructor(live: SharedArrayBuffer, own: SharedArrayBuffer) {
    this.#live = new Int32Array(live);
    this.#own = tableOf(own);
    this.#changes = changesOf(own);
  }

  /**
   * Counts one session more, unless `maxSession` are live already. Compare-and-swap instead of add-and-undo:
   * an undone addition would let another worker see a full endpoint that is not full.
   */
  tryEnter(slot: number, maxSession: number): boolean {
    let seen = Atomics.load(this.#live, slot);
    while (seen < maxSession) {
      const before = Atomics.compareExchange(this.#live, slot, seen, seen + 1);
      if (before === seen) {
        this.#add(slot, newSessionsAt, 1);
        return true;
      }
      seen = before;
    }
    return false;
  }

  leave(slot: number): void {
    Atomics.sub(this.#live, slot, 1);
    Atomics.add(this.#changes, slot, 1);
  }

  countBytesIn(slot: number, bytes: number): void {
    this.#add(slot, bytesInAt, bytes);
  }

  countBytesOut(slot: number, bytes: number): void {
    this.#add(slot, bytesOutAt, bytes);
  }

  countRefusal(slot: number, reason: RefusalReason): void {
    this.#add(slot, refusalsAt + refusalReasons.indexOf(reason), 1);
  }

  countSevered(slot: number, sessions: number): void {
    this.#add(slot, severedAt, sessions);
  }

  #add(slot: number, column: number, amount: number): void {
    const at = slot * width + column;
    this.#own[at] = (this.#own[at] ?? 0) + amount;
    // Afterwards, and atomic: who sees the change noted sees the change.
    Atomics.add(this.#changes, slot, 1);
  }
}

/** The main thread's view: sums over the workers. */
export class SlotTotals {
  readonly #live: Int32Array;
  readonly #counters: readonly Float64Array[];
  readonly #changes: readonly Int32Array[];

  constructor(memory: SlotMemory) {
    this.#live = new Int32Array(memory.live);
    this.#counters = memory.counters.map(tableOf);
    this.#changes = memory.counters.map(changesOf);
  }

  /** Another number than before wherever `read` may return something else. */
  changesOf(slot: number): number {
    let sum = 0;
    for (const changes of this.#changes) sum += Atomics.load(changes, slot);
    return sum;
  }

  read(slot: number): SlotFigures {
    const severed = this.#sum(slot, severedAt);
    return {
      ...(severed > 0 ? { severed } : {}),
      sessions: Atomics.load(this.#live, slot),
      newSessions: this.#sum(slot, newSessionsAt),
      bytesIn: this.#sum(slot, bytesInAt),
      bytesOut: this.#sum(slot, bytesOutAt),
      refusals: this.#refusals(slot),
    };
  }

  /** Makes a slot ready for another endpoint. No worker may use the slot any more. */
  clear(slot: number): void {
    Atomics.store(this.#live, slot, 0);
    for (const table of this.#counters) table.fill(0, slot * width, (slot + 1) * width);
    for (const changes of this.#changes) Atomics.add(changes, slot, 1);
  }

  #refusals(slot: number): Record<RefusalReason, number> {
    const refusals: Partial<Record<RefusalReason, number>> = {};
    let column = refusalsAt;
    for (const reason of refusalReasons) {
      refusals[reason] = this.#sum(slot, column);
      column += 1;
    }
    return refusals as Record<RefusalReason, number>;
  }

  /** There may be many that carry something all the time: there is nothing here that makes objects. */
  #sum(slot: number, column: number): number {
    const at = slot * width + column;
    let sum = 0;
    for (const table of this.#counters) sum += table[at] ?? 0;
    return sum;
  }
}

function tableOf(buffer: SharedArrayBuffer): Float64Array {
  return new Float64Array(buffer, 0, slotLimit * width);
}

function changesOf(buffer: SharedArrayBuffer): Int32Array {
  return new Int32Array(buffer, tableBytes, slotLimit);
}
