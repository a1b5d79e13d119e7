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

/**
 * Returns how long to wait after a failure, in milliseconds: doubling from `firstMs` to `mostMs`, spread by a quarter to
 * either side, so that what failed together is not tried again together.
 * @param failures that there were, from 1
 * @param random from 0 up to 1
 */
export function jitteredBackoffMs(failures: number, firstMs: number, mostMs: number, random: number): number {
  const wholeMs = Math.min(firstMs * 2 ** (failures - 1), mostMs);
  return Math.round(wholeMs * (0.75 + random / 2));
}
