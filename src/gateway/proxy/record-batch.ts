import type { SlotRecord, WorkerMessage } from "./messages.ts";

const mostRecords = 500;

/** Tells the main thread of sessions that have ended, many at a time. */
export class RecordBatch {
  readonly #send: (message: WorkerMessage) => void;
  #records: SlotRecord[] = [];

  constructor(send: (message: WorkerMessage) => void) {
    this.#send = send;
  }

  add(record: SlotRecord): void {
    this.#records.push(record);
    if (this.#records.length >= mostRecords) this.flush();
  }

  flush(): void {
    if (this.#records.length === 0) return;
    this.#send({ kind: "ended", records: this.#records });
    this.#records = [];
  }
}
