/** What is paced rests for so many times as long as it took. */
const restFactor = 20;

/** Has costly work done no more often than that it takes a twentieth of the time. */
export class Paced {
  readonly #now: () => number;
  #dueAt = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  get isDue(): boolean {
    return this.#now() >= this.#dueAt;
  }

  /** Does the work, and rests afterwards; not where it throws. */
  run(work: () => void): void {
    const startedAt = this.#now();
    work();
    const endedAt = this.#now();
    this.#dueAt = endedAt + (endedAt - startedAt) * restFactor;
  }
}
