/** Waiting times that double from `firstMs` to `mostMs`; `reset` starts over after a success. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #nextMs: number;

  constructor(firstMs: number, mostMs: number) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#nextMs = firstMs;
  }

  /** Returns how long to wait now, in milliseconds. */
  next(): number {
    const current = this.#nextMs;
    this.#nextMs = Math.min(current * 2, this.#mostMs);
    return current;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
