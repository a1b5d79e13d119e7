import { readFlow, type Flow } from "./flow.ts";

export interface FlowList {
  /** How many there are. */
  readonly total: number;
  /** The newest of them, newest first. */
  readonly flows: readonly Flow[];
}

interface Candidate {
  readonly startedNs: number;
  readonly attributes: Buffer;
}

/** Keeps the newest of very many flows, and reads only those. */
export class NewestFlows {
  readonly #limit: number;
  #candidates: Candidate[] = [];
  /** What is not newer than this is not among the newest any more. */
  #oldestNs = -1;
  #total = 0;

  /** @param limit most flows to keep, from 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param attributes as `readFlow` wants them; copied where they are kept */
  offer(startedNs: number, attributes: Buffer): void {
    this.#total += 1;
    if (startedNs <= this.#oldestNs) return;
    this.#candidates.push({ startedNs, attributes: Buffer.from(attributes) });
    if (this.#candidates.length >= 2 * this.#limit) this.#cut();
  }

  take(): FlowList {
    this.#cut();
    const flows = this.#candidates.map(({ attributes }) => readFlow(attributes));
    return { total: this.#total, flows: flows.filter((flow) => flow !== undefined) };
  }

  #cut(): void {
    this.#candidates.sort((one, other) => other.startedNs - one.startedNs);
    if (this.#candidates.length < this.#limit) return;
    this.#candidates.length = this.#limit;
    this.#oldestNs = this.#candidates.at(-1)?.startedNs ?? -1;
  }
}
