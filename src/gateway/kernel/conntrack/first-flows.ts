import { compareSortKeys, type SortKey } from "../../../domain/live-session.ts";
import { readFlow, type Flow } from "./flow.ts";

export interface FlowList {
  /** How many there are. */
  readonly total: number;
  /** Those with the lowest keys, lowest first. */
  readonly flows: readonly Flow[];
}

interface Candidate {
  readonly key: SortKey;
  readonly attributes: Buffer;
}

/** Keeps those of very many flows that come first in some order, and reads only those. */
export class FirstFlows {
  readonly #limit: number;
  #candidates: Candidate[] = [];
  /** What does not come before this is not among the first any more. */
  #last: SortKey | undefined;
  #total = 0;

  /** @param limit most flows to keep, from 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param attributes as `readFlow` wants them; copied where they are kept */
  offer(key: SortKey, attributes: Buffer): void {
    this.#total += 1;
    if (this.#last !== undefined && compareSortKeys(key, this.#last) >= 0) return;
    this.#candidates.push({ key, attributes: Buffer.from(attributes) });
    if (this.#candidates.length >= 2 * this.#limit) this.#cut();
  }

  take(): FlowList {
    this.#cut();
    const flows = this.#candidates.map(({ attributes }) => readFlow(attributes));
    return { total: this.#total, flows: flows.filter((flow) => flow !== undefined) };
  }

  #cut(): void {
    this.#candidates.sort((one, other) => compareSortKeys(one.key, other.key));
    if (this.#candidates.length < this.#limit) return;
    this.#candidates.length = this.#limit;
    this.#last = this.#candidates.at(-1)?.key;
  }
}
