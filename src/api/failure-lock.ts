import type { Clock } from "../lib/clock.ts";

/** One more failure in a row than this locks (contract section 4.5). */
const failuresAllowed = 5;
const lockMs = 5 * 60_000;
/** Names remembered at once; the one that failed longest ago goes first. */
const namesLimit = 10_000;

interface Failures {
  readonly count: number;
  readonly lockedUntil: number;
}

/** Locks a name for 5 minutes after more than 5 failures in a row. */
export class FailureLock {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Names that are remembered, at most 10,000. */
  get names(): number {
    return this.#failures.size;
  }

  isLocked(name: string): boolean {
    const failures = this.#failures.get(name);
    return failures !== undefined && failures.lockedUntil > this.#clock.now();
  }

  /** After a lock the count starts over. @returns whether this failure locked the name */
  failed(name: string): boolean {
    const before = this.#failures.get(name);
    // Attempts that were on their way when the name was locked must not start the count over.
    if (this.isLocked(name)) return false;
    const count = before === undefined || before.lockedUntil > 0 ? 1 : before.count + 1;
    const lockedUntil = count > failuresAllowed ? this.#clock.now() + lockMs : 0;
    this.#failures.delete(name);
    this.#failures.set(name, { count, lockedUntil });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > namesLimit && oldest !== undefined) this.#failures.delete(oldest);
    return lockedUntil > 0;
  }

  succeeded(name: string): void {
    // Nearly always empty: a lookup less for every request.
    if (this.#failures.size > 0) this.#failures.delete(name);
  }
}
