/** What became of one value; undefined where there was none, or is none any more. */
export interface Turn<Value> {
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** Values by number, and what became of them since the last `settle`: that costs as much as what changed. */
export class Tracked<Value> {
  readonly #values = new Map<number, Value>();
  readonly #before = new Map<number, Value | undefined>();

  get size(): number {
    return this.#values.size;
  }

  get(number: number): Value | undefined {
    return this.#values.get(number);
  }

  values(): Iterable<Value> {
    return this.#values.values();
  }

  /** Sets a value, or removes it: undefined. */
  set(number: number, value: Value | undefined): void {
    const before = this.#values.get(number);
    if (before === value) return;
    if (!this.#before.has(number)) this.#before.set(number, before);
    if (value === undefined) this.#values.delete(number);
    else this.#values.set(number, value);
  }

  /** Returns what each value that was touched was at the last `settle`, and is now. */
  turns(): ReadonlyMap<number, Turn<Value>> {
    return new Map(
      [...this.#before].map(([number, before]) => [number, { before, after: this.#values.get(number) }]),
    );
  }

  /** Notes that what is now was brought about. */
  settle(): void {
    this.#before.clear();
  }
}
