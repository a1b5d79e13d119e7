import { capEntry } from "./compile.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { isLive } from "./conntrack/flow.ts";
import type { Change, Tables } from "./nft/tables.ts";

interface Kept {
  /** Most sessions that the endpoint may have. */
  readonly wanted: number;
  /** Most sessions that the kernel's element admits: it counts only those that came after it was made. */
  readonly admits: number;
}

type CapTables = Pick<Tables, "apply" | "list">;
type FlowList = Pick<Conntrack, "list">;

/**
 * Keeps caps exact although the kernel forgets what it counted when an element changes: the new element admits the
 * new cap less the sessions that live, and while those are being counted, nobody.
 */
export class Caps {
  readonly #tables: CapTables;
  readonly #conntrack: FlowList;
  readonly #kept = new Map<number, Kept>();
  /** Until everything was planned once, an endpoint that is new to this process may have sessions of an earlier one. */
  #isFirstPlan = true;

  constructor(tables: CapTables, conntrack: FlowList) {
    this.#tables = tables;
    this.#conntrack = conntrack;
  }

  /** Takes over the elements that a predecessor left, with their counts. To be called once, before anything else. */
  takeOver(): void {
    for (const { key, cap = 0, comment } of this.#tables.list("cap")) {
      this.#kept.set(Number(key[0]), { wanted: Number(comment ?? Number.NaN), admits: cap });
    }
  }

  /** Returns what to change together with everything else, and what is to be counted once that is done. */
  plan(wanted: ReadonlyMap<number, number>): { changes: readonly Change[]; toCount: readonly number[] } {
    const changes: Change[] = [];
    const toCount: number[] = [];
    for (const number of this.#kept.keys()) {
      if (!wanted.has(number)) changes.push({ verb: "remove", ...capEntry(number, 0, 0) });
    }
    for (const [number, cap] of wanted) {
      const kept = this.#kept.get(number);
      if (kept?.wanted === cap) continue;
      if (kept) changes.push({ verb: "remove", ...capEntry(number, 0, 0) });
      const mayHaveSessions = kept !== undefined || this.#isFirstPlan;
      // What is being counted is wanted by nobody yet: a process that dies over it leaves it to the next one.
      const element = mayHaveSessions ? capEntry(number, 0, 0) : capEntry(number, cap, cap);
      changes.push({ verb: "add", ...element });
      if (mayHaveSessions) toCount.push(number);
    }
    // Removals first, as they are all of one set.
    changes.sort((a, b) => Number(a.verb === "add") - Number(b.verb === "add"));
    return { changes, toCount };
  }

  /** Notes that a plan was carried out, and admits sessions where nobody was let in so that they could be counted. */
  carriedOut(wanted: ReadonlyMap<number, number>, toCount: readonly number[]): void {
    this.#isFirstPlan = false;
    for (const number of this.#kept.keys()) if (!wanted.has(number)) this.#kept.delete(number);
    for (const [number, cap] of wanted) {
      if (!this.#kept.has(number)) this.#kept.set(number, { wanted: cap, admits: cap });
    }
    for (const number of toCount) this.#kept.set(number, { wanted: wanted.get(number) ?? 0, admits: 0 });
    this.#admit(toCount);
  }

  /** Endpoints whose element admits fewer than they may have, because older sessions were there when it was made. */
  get indebted(): readonly number[] {
    return [...this.#kept].filter(([, { wanted, admits }]) => admits < wanted).map(([number]) => number);
  }

  /** Counts the sessions of an endpoint anew, and admits as many as are free by now. */
  recount(number: number): void {
    const kept = this.#kept.get(number);
    if (!kept) return;
    this.#tables.apply([
      { verb: "remove", ...capEntry(number, 0, 0) },
      { verb: "add", ...capEntry(number, 0, 0) },
    ]);
    this.#kept.set(number, { ...kept, admits: 0 });
    this.#admit([number]);
  }

  #admit(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const live = liveSessions(this.#conntrack, numbers);
    const changes: Change[] = [];
    for (const number of numbers) {
      const { wanted } = this.#kept.get(number) ?? { wanted: 0 };
      const admits = Math.max(0, wanted - (live.get(number) ?? 0));
      changes.push({ verb: "remove", ...capEntry(number, 0, 0) });
      changes.push({ verb: "add", ...capEntry(number, admits, wanted) });
      this.#kept.set(number, { wanted, admits });
    }
    changes.sort((a, b) => Number(a.verb === "add") - Number(b.verb === "add"));
    this.#tables.apply(changes);
  }
}

/** One look at the whole table is cheaper than one look for each of a few. */
const fewEndpoints = 4;

function liveSessions(conntrack: FlowList, numbers: readonly number[]): ReadonlyMap<number, number> {
  const flows =
    numbers.length <= fewEndpoints ? numbers.flatMap((number) => conntrack.list(number)) : conntrack.list();
  const live = new Map<number, number>();
  for (const flow of flows) if (isLive(flow)) live.set(flow.mark, (live.get(flow.mark) ?? 0) + 1);
  return live;
}
