import { capEntry, creditEntry, type Entry } from "./compile.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { CreditLedger } from "./credits.ts";
import { mostCredits, type Change, type Tables } from "./nft/tables.ts";

interface Kept {
  /** Most sessions that the endpoint may have. */
  readonly wanted: number;
  /** Most sessions that the kernel's element admits: it counts only those that came after it was made. */
  readonly admits: number;
  /** Of endpoints that have credits instead of an element that counts. */
  readonly ledger?: CreditLedger;
}

export type CapTables = Pick<Tables, "apply" | "list" | "counted" | "countersOf">;
export type SessionCounts = Pick<Conntrack, "countLive" | "countEntries">;

export interface CapLimits {
  /** Caps up to this are counted by the kernel, which looks at every session of the endpoint for each new one. */
  readonly countedUpTo: number;
  /** Most credits that an endpoint has at once, from 1 to `mostCredits`. */
  readonly credits: number;
  /** Counters of more endpoints than this are read all at once. */
  readonly lookedAtAlone: number;
}

const defaultLimits: CapLimits = { countedUpTo: 10_000, credits: mostCredits, lookedAtAlone: 16 };
/** Counting every session takes at most one part in so many of the time. */
const countingShare = 20;

/**
 * Keeps caps exact although the kernel forgets what it counted when an element changes: the new element admits the
 * new cap less the sessions that live, and while those are being counted, nobody.
 *
 * Large caps are kept with credits: the kernel lets a session in for one credit, whatever the number of those held,
 * and `refill` grants new ones so that live sessions and credits together are never more than the cap.
 */
export class Caps {
  readonly #tables: CapTables;
  readonly #sessions: SessionCounts;
  readonly #limits: CapLimits;
  readonly #now: () => number;
  readonly #kept = new Map<number, Kept>();
  /** Those of `#kept` that have a ledger, and those that admit too few. */
  readonly #credited = new Map<number, CreditLedger>();
  readonly #indebted = new Set<number>();
  /** Endpoints that refused although they had room, at the last look, with how many sessions had been let in by then. */
  #suspects: ReadonlyMap<number, number> = new Map();
  /** Until `endTakeOver`, an endpoint that is new to this process may have sessions of an earlier one. */
  #mayHaveSessions = true;
  #nextCountAt = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    tables: CapTables,
    sessions: SessionCounts,
    now: () => number,
    limits: CapLimits = defaultLimits,
  ) {
    this.#tables = tables;
    this.#sessions = sessions;
    this.#now = now;
    this.#limits = limits;
  }

  /** Takes over the elements that a predecessor left, with their counts. To be called once, before anything else. */
  takeOver(): void {
    for (const { key, cap = 0, comment } of this.#tables.list("cap")) {
      this.#note(Number(key[0]), { wanted: Number(comment ?? Number.NaN), admits: cap });
    }
    for (const { key, credits = 0, comment = "" } of this.#tables.list("credit")) {
      const number = Number(key[0]);
      const [wanted = Number.NaN, bound = Number.NaN] = comment.split(" ").map(Number);
      const ledger = new CreditLedger(credits, bound, this.#tables.counted("opened", number), -Infinity);
      this.#note(number, { wanted: Number.isNaN(bound) ? Number.NaN : wanted, admits: wanted, ledger });
    }
  }

  /** Sessions of an earlier process are those of endpoints that were planned for by now, or there are none any more. */
  endTakeOver(): void {
    this.#mayHaveSessions = false;
  }

  /**
   * Returns what to change together with everything else, and what is to be counted once that is done.
   * @param wanted most sessions of each endpoint that may differ from before; undefined where it is carried no more
   */
  plan(wanted: ReadonlyMap<number, number | undefined>): {
    changes: readonly Change[];
    toCount: readonly number[];
  } {
    const changes: Change[] = [];
    const toCount: number[] = [];
    for (const [number, cap] of wanted) {
      const kept = this.#kept.get(number);
      if (kept?.wanted === cap) continue;
      if (kept) changes.push(this.#removal(number));
      if (cap === undefined) continue;
      const mayHaveSessions = kept !== undefined || this.#mayHaveSessions;
      // What is being counted is wanted by nobody yet: a process that dies over it leaves it to the next one.
      const entry = mayHaveSessions ? capEntry(number, 0, 0) : this.#entry(number, cap, cap, 0);
      changes.push({ verb: "add", ...entry });
      if (mayHaveSessions) toCount.push(number);
    }
    return { changes: inOrder(changes), toCount };
  }

  /** Endpoints that have a cap: whoever plans for all has to name those that are carried no more. */
  get numbers(): Iterable<number> {
    return this.#kept.keys();
  }

  /** Notes that a plan was carried out, and admits sessions where nobody was let in so that they could be counted. */
  carriedOut(wanted: ReadonlyMap<number, number | undefined>, toCount: readonly number[]): void {
    const opened = this.#counts("opened", [...wanted.keys()]);
    for (const [number, cap] of wanted) {
      if (cap === undefined) this.#note(number, undefined);
      else if (!this.#kept.has(number)) this.#keep(number, cap, cap, opened);
    }
    for (const number of toCount) this.#note(number, { wanted: wanted.get(number) ?? 0, admits: 0 });
    this.#admit(toCount);
  }

  /** Endpoints whose element admits fewer than they may have, because older sessions were there when it was made. */
  get indebted(): readonly number[] {
    return [...this.#indebted];
  }

  /**
   * To be told every now and then which endpoints have just refused a session for their cap. One that has room is counted
   * anew: at once where sessions that are older than its element have ended. Else the kernel counts whom it has just
   * refused, and mostly finds out by itself; only where nobody was let in since the last look, and there was room then
   * too, its element gives way to one that does not know the sessions that are there, and so depends on this process.
   */
  lookAtRefusing(numbers: readonly number[]): void {
    const suspects = new Map<number, number>();
    for (const number of numbers) {
      if (!this.#hasRoom(number)) continue;
      const opened = this.#tables.counted("opened", number);
      if (this.#indebted.has(number) || this.#suspects.get(number) === opened) this.recount(number);
      else suspects.set(number, opened);
    }
    this.#suspects = suspects;
  }

  /** Counts the sessions of an endpoint anew, and admits as many as are free by now. */
  recount(number: number): void {
    const kept = this.#kept.get(number);
    if (!kept) return;
    this.#tables.apply([this.#removal(number), { verb: "add", ...capEntry(number, 0, 0) }]);
    this.#note(number, { wanted: kept.wanted, admits: 0 });
    this.#admit([number]);
  }

  /** Grants new credits where few are left. To be called every now and then, at least some milliseconds apart. */
  refill(): void {
    if (this.#credited.size === 0) return;
    // In this order: who was refused found the credits taken by those who are counted as opened.
    const numbers = [...this.#credited.keys()];
    const refused = this.#counts("refused_session_cap", numbers);
    const opened = this.#counts("opened", numbers);
    const low: number[] = [];
    for (const [number, ledger] of this.#credited) {
      const refusedUntilNow = refused(number);
      ledger.look(opened(number), refusedUntilNow);
      if (ledger.isLow(this.#now())) low.push(number);
    }
    if (low.length === 0) return;
    // Nobody has more sessions than there are flows of any kind: far from the cap that is all one has to know.
    const entries = this.#sessions.countEntries();
    const near = low.filter((number) => !this.#grant(number, entries, this.#limits.credits / 2));
    if (near.length === 0 || this.#now() < this.#nextCountAt) return;
    const startedAt = this.#now();
    const live = this.#sessions.countLive(near.length === 1 ? near[0] : undefined);
    this.#nextCountAt = this.#now() + (this.#now() - startedAt) * countingShare;
    for (const number of near) {
      const isGranted = this.#grant(number, live.get(number) ?? 0, 1);
      if (!isGranted && this.#kept.get(number)?.ledger?.isOld(this.#now())) this.recount(number);
    }
  }

  /** Whether an endpoint has fewer sessions than it may have, and the kernel counts them. */
  #hasRoom(number: number): boolean {
    const kept = this.#kept.get(number);
    if (!kept || kept.ledger) return false;
    return (liveSessions(this.#sessions, [number]).get(number) ?? 0) < kept.wanted;
  }

  /** Reads a counter of a few endpoints as it is asked for, and of many at once, when the first is asked for. */
  #counts(set: "opened" | "refused_session_cap", numbers: readonly number[]): (number: number) => number {
    if (numbers.length <= this.#limits.lookedAtAlone) return (number) => this.#tables.counted(set, number);
    let all: ReturnType<CapTables["countersOf"]> | undefined;
    return (number) => {
      all ??= this.#tables.countersOf(set, numbers);
      return all.get(number)?.packets ?? 0;
    };
  }

  /** Returns whether at least so many credits are there now. @param live sessions, counted after the last look */
  #grant(number: number, live: number, least: number): boolean {
    const { wanted, ledger } = this.#kept.get(number) ?? { wanted: 0 };
    if (!ledger) return true;
    const granted = ledger.affordable(wanted, live, this.#limits.credits);
    const isOld = ledger.isOld(this.#now());
    if (granted < least || (granted <= ledger.outstanding && !isOld)) return false;
    const entry = creditEntry(number, granted, wanted, ledger.bound + granted);
    this.#tables.apply([this.#removal(number), { verb: "add", ...entry }]);
    ledger.replaced(granted, this.#tables.counted("opened", number), this.#now());
    return true;
  }

  #admit(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const live = liveSessions(this.#sessions, numbers);
    const changes: Change[] = [];
    const openedBefore = this.#counts("opened", numbers);
    const admitted = numbers.map((number) => {
      const { wanted } = this.#kept.get(number) ?? { wanted: 0 };
      const admits = Math.max(0, wanted - (live.get(number) ?? 0));
      const opened = this.#isCredited(wanted, admits) ? openedBefore(number) : 0;
      changes.push(this.#removal(number));
      changes.push({ verb: "add", ...this.#entry(number, admits, wanted, opened) });
      return { number, wanted, admits };
    });
    this.#tables.apply(inOrder(changes));
    const opened = this.#counts("opened", numbers);
    for (const { number, wanted, admits } of admitted) this.#keep(number, admits, wanted, opened);
  }

  /** An element has at least one credit, so who gets none has one that counts to none. */
  #isCredited(wanted: number, admits: number): boolean {
    return wanted > this.#limits.countedUpTo && admits > 0;
  }

  #entry(number: number, admits: number, wanted: number, opened: number): Entry {
    if (!this.#isCredited(wanted, admits)) return capEntry(number, admits, wanted);
    const credits = Math.min(this.#limits.credits, admits);
    return creditEntry(number, credits, wanted, opened + credits);
  }

  /** Notes an element that was just made. @param count returns how many sessions were opened, as counted after that */
  #keep(number: number, admits: number, wanted: number, count: (number: number) => number): void {
    if (!this.#isCredited(wanted, admits)) {
      this.#note(number, { wanted, admits });
      return;
    }
    const credits = Math.min(this.#limits.credits, admits);
    const opened = count(number);
    const ledger = new CreditLedger(credits, opened + credits, opened, this.#now());
    this.#note(number, { wanted, admits, ledger });
  }

  #note(number: number, kept: Kept | undefined): void {
    if (kept) this.#kept.set(number, kept);
    else this.#kept.delete(number);
    if (kept?.ledger) this.#credited.set(number, kept.ledger);
    else this.#credited.delete(number);
    if (kept && !kept.ledger && kept.admits < kept.wanted) this.#indebted.add(number);
    else this.#indebted.delete(number);
  }

  #removal(number: number): Change {
    const { ledger } = this.#kept.get(number) ?? {};
    return { verb: "remove", ...(ledger ? creditEntry(number, 1, 0, 0) : capEntry(number, 0, 0)) };
  }
}

/** Removals first, as many are of one set. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  return changes.toSorted((a, b) => Number(a.verb === "add") - Number(b.verb === "add"));
}

/** One look at the whole table is cheaper than one look for each of a few. */
const fewEndpoints = 4;

function liveSessions(sessions: SessionCounts, numbers: readonly number[]): ReadonlyMap<number, number> {
  if (numbers.length > fewEndpoints) return sessions.countLive();
  return new Map(numbers.map((number) => [number, sessions.countLive(number).get(number) ?? 0]));
}
