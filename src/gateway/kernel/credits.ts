import { mostCredits } from "./nft/tables.ts";

/** Far below the day that it takes the kernel to give one credit back. */
const renewAfterMs = 12 * 3_600_000;

/**
 * What is known of the credits that an endpoint has in the kernel. A session takes one as it is counted as opened, and
 * nothing gives one back but an element made anew, so what is left can be told from the count of the opened alone. All
 * figures here err to the side on which too few are admitted.
 *
 * Two kernel counters are looked at again and again: sessions opened, and sessions refused for the cap.
 */
export class CreditLedger {
  /** The count of opened sessions never goes beyond this with what was granted so far. */
  #bound: number;
  #granted: number;
  #grantedAt: number;
  #opened: number;
  #openedBefore: number;
  #refused = 0;
  /** Refusals that may have been before the grant. */
  #refusedAtFirst: number | undefined;

  /**
   * @param granted credits of the present element
   * @param bound most sessions that can ever be counted as opened with them
   * @param opened as many are counted already
   * @param grantedAt milliseconds; -Infinity where nobody knows
   */
  constructor(granted: number, bound: number, opened: number, grantedAt: number) {
    this.#granted = granted;
    this.#bound = bound;
    this.#opened = opened;
    this.#openedBefore = opened;
    this.#grantedAt = grantedAt;
  }

  get bound(): number {
    return this.#bound;
  }

  /** At most so many sessions are let in before credits are granted again. */
  get outstanding(): number {
    return Math.max(0, this.#bound - this.#opened);
  }

  /** Notes the counters. A session opened before a look is in conntrack's table at the next one. */
  look(opened: number, refused: number): void {
    this.#openedBefore = this.#opened;
    this.#opened = opened;
    const wasEmpty = this.#refusedAtFirst !== undefined && this.#refused > this.#refusedAtFirst;
    if (wasEmpty) this.#bound = Math.min(this.#bound, opened);
    this.#refusedAtFirst ??= refused;
    this.#refused = refused;
  }

  isOld(now: number): boolean {
    return now - this.#grantedAt > renewAfterMs;
  }

  isLow(now: number): boolean {
    return this.outstanding <= this.#granted / 2 || this.isOld(now);
  }

  /**
   * Returns how many credits an element that replaces the present one may have; below 1 for none. Until it does, the
   * present one may be used up, and those who did that came maybe after the count.
   * @param live sessions, counted after the last look; more than there are does no harm
   */
  affordable(cap: number, live: number, most: number): number {
    return Math.min(most, mostCredits, cap - live - Math.max(0, this.#bound - this.#openedBefore));
  }

  /** Notes that the element was replaced. @param opened as counted after that */
  replaced(granted: number, opened: number, now: number): void {
    this.#bound = Math.min(this.#bound, opened) + granted;
    this.#granted = granted;
    this.#grantedAt = now;
    this.#opened = opened;
    this.#openedBefore = opened;
    this.#refusedAtFirst = undefined;
  }
}
