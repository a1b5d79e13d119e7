import type { AddressSet } from "../host-network.ts";

/** An address that was refused is asked for again with the first `apply` after so long. */
const askAgainMs = 1_000;

/**
 * What is known of the addresses that a network's endpoints are to have: from wished over waiting and asking to free
 * and answered for, or refused. It does no I/O.
 */
export class AddressStates {
  readonly answered = new Set<string>();
  readonly refused = new Map<string, string>();
  readonly #waiting = new Set<string>();
  readonly #asking = new Set<string>();
  readonly #free = new Set<string>();
  /** Those whose state is another than at the last `takeTouched`. */
  readonly #touched = new Set<string>();
  #askedAt = 0;

  /** Whether somebody has to be asked. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Compares with what is wished.
   * @param looked addresses that may have come or gone; all others are as they were
   * @returns those that were answered for, and are not to be any more
   */
  wish(wished: AddressSet, looked: Iterable<string>): readonly string[] {
    const gone: string[] = [];
    for (const address of looked) {
      if (wished.has(address)) this.#expect(address);
      else if (this.#forget(address)) gone.push(address);
    }
    return gone;
  }

  /** Compares with all that is wished, and with what the host answers for already: that is ours. */
  wishAll(wished: AddressSet, present: ReadonlySet<string>): void {
    const known = [this.answered, this.refused, this.#waiting, this.#asking, this.#free];
    this.wish(
      wished,
      known.flatMap((each) => [...each.keys()]),
    );
    for (const address of this.answered) {
      if (!present.has(address)) this.answered.delete(address);
    }
    for (const address of wished.keys()) {
      if (present.has(address)) this.#answerFor(address);
      else this.#expect(address);
    }
  }

  /** Has those asked for again that were refused some time ago. @param now milliseconds of a clock that never goes back */
  retry(now: number): void {
    if (now - this.#askedAt < askAgainMs) return;
    for (const address of this.refused.keys()) if (!this.#asking.has(address)) this.#waiting.add(address);
  }

  /** Returns those to be asked for now; `settle` is to follow. */
  takeWaiting(now: number): readonly string[] {
    this.#askedAt = now;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const address of waiting) this.#asking.add(address);
    return waiting;
  }

  /**
   * Takes in what came of the asking.
   * @param refusalOf returns why an address cannot be answered for, or undefined where it can
   * @returns whether anything is not as it was
   */
  settle(asked: readonly string[], refusalOf: (address: string) => string | undefined): boolean {
    let isNews = false;
    for (const address of asked) {
      // Nobody may want it any more by now.
      if (!this.#asking.delete(address)) continue;
      const refusal = refusalOf(address);
      if (refusal === undefined) {
        this.#free.add(address);
        isNews = true;
      } else isNews = this.refuse(address, refusal) || isNews;
    }
    return isNews;
  }

  /** Returns those that nobody has, to be answered for; from now on they are taken to be. */
  takeFree(): readonly string[] {
    const free = [...this.#free];
    for (const address of free) this.#answerFor(address);
    return free;
  }

  /** Notes that an address cannot be answered for. @returns whether that is news */
  refuse(address: string, message: string): boolean {
    this.answered.delete(address);
    if (this.refused.get(address) === message) return false;
    this.refused.set(address, message);
    this.#touched.add(address);
    return true;
  }

  /** Returns the addresses whose state may be another than at the last call. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  #expect(address: string): void {
    const sets = [this.answered, this.refused, this.#asking, this.#free];
    if (!sets.some((each) => each.has(address))) this.#waiting.add(address);
  }

  #answerFor(address: string): void {
    this.#forget(address);
    this.answered.add(address);
  }

  /** @returns whether it was answered for */
  #forget(address: string): boolean {
    for (const each of [this.refused, this.#waiting, this.#asking, this.#free]) each.delete(address);
    this.#touched.add(address);
    return this.answered.delete(address);
  }
}
