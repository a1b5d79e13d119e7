import type { Slices } from "./family.ts";

/** All that a process tells of itself, as text for Prometheus. */
export class Exposition {
  readonly #parts: readonly Slices[];
  #rendering: Promise<readonly Buffer[]> | undefined;

  constructor(parts: readonly Slices[]) {
    this.#parts = parts;
  }

  /** Returns the text in pieces. Who asks while it is being written for another gets the same. */
  render(): Promise<readonly Buffer[]> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  async #render(): Promise<readonly Buffer[]> {
    const pieces: Buffer[] = [];
    for (const part of this.#parts) {
      for await (const text of part()) pieces.push(Buffer.from(text));
    }
    return pieces;
  }
}
