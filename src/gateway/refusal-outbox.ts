import { randomUUID } from "node:crypto";
import { refusalBatchLimit, type RefusalBatch, type RefusalRecord } from "../domain/refusal-record.ts";

/** Keeps what was refused until the server has taken it: one batch at a time, the same one until then. */
export class RefusalOutbox {
  readonly #process = randomUUID();
  readonly #take: (most: number) => readonly RefusalRecord[];
  #sequence = 0;
  #batch: RefusalBatch | undefined;

  /** @param take hands out records that have not been handed out yet; it keeps the others, within bounds of its own */
  constructor(take: (most: number) => readonly RefusalRecord[]) {
    this.#take = take;
  }

  /** Returns what the server is to be told; undefined where there is nothing. */
  next(): RefusalBatch | undefined {
    if (this.#batch) return this.#batch;
    const records = this.#take(refusalBatchLimit);
    if (records.length === 0) return undefined;
    this.#sequence += 1;
    this.#batch = { process: this.#process, sequence: this.#sequence, records };
    return this.#batch;
  }

  /** The server has taken it. */
  acknowledge(batch: RefusalBatch | undefined): void {
    if (batch !== undefined && batch.sequence === this.#batch?.sequence) this.#batch = undefined;
  }
}
