const parts = 4;

/**
 * As `AbortSignal.timeout`, but for waiting on others: what arrives while this process stands still has not been read
 * when its timers come, late, all at once. The time is waited for in parts, and standing still counts as one of them.
 */
export class FairTimeout {
  readonly #controller = new AbortController();
  readonly #partMs: number;
  #left = parts;
  #timer: NodeJS.Timeout;

  /** @param ms in milliseconds; it does not keep the process alive */
  constructor(ms: number) {
    this.#partMs = ms / parts;
    this.#timer = this.#nextPart();
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What was waited for is there, or will not come. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #nextPart(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#left -= 1;
      if (this.#left === 0) this.#controller.abort();
      else this.#timer = this.#nextPart();
    }, this.#partMs).unref();
  }
}
