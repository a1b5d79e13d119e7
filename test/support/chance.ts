/** A source of numbers that the same seed always gives again (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0, below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  one<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined && items.length === 0) throw new Error("There is nothing to choose from.");
    return item as Item;
  }

  some<Item>(items: readonly Item[]): readonly Item[] {
    return items.filter(() => this.below(2) === 0);
  }

  /** Maybe an object with something in it. */
  maybe<Fields extends object>(make: () => Fields): Partial<Fields> {
    const nothing: Partial<Fields> = {};
    return this.below(3) === 0 ? make() : nothing;
  }
}
