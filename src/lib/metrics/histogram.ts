import type { Family, Series } from "./family.ts";

/** Upper bounds of times, in seconds: from what a cached answer takes to what a person gives up at. */
const boundsS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Counts times by their length. To note one takes a tenth of a microsecond: requests are measured with it. */
export class DurationHistogram {
  /** The last one counts what is longer than every bound. */
  readonly #counts = new Float64Array(boundsS.length + 1);
  #sumS = 0;

  observe(durationMs: number): void {
    const seconds = durationMs / 1_000;
    let bucket = 0;
    while (bucket < boundsS.length && seconds > (boundsS[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumS += seconds;
  }

  get sumS(): number {
    return this.#sumS;
  }

  /** How many were not longer than a bound, by its index; of all beyond the last. */
  countTo(bucket: number): number {
    let count = 0;
    for (let index = 0; index <= bucket; index += 1) count += this.#counts[index] ?? 0;
    return count;
  }

  get count(): number {
    return this.countTo(boundsS.length);
  }
}

/** @param of finds the histogram of a row */
export function durationFamily<Row>(
  name: string,
  help: string,
  of: (row: Row) => DurationHistogram,
): Family<Row> {
  const buckets = boundsS.map((bound, index): Series<Row> => {
    return { suffix: "_bucket", label: ["le", String(bound)], value: (row) => of(row).countTo(index) };
  });
  return {
    name,
    help,
    type: "histogram",
    series: [
      ...buckets,
      { suffix: "_bucket", label: ["le", "+Inf"], value: (row) => of(row).count },
      { suffix: "_sum", value: (row) => of(row).sumS },
      { suffix: "_count", value: (row) => of(row).count },
    ],
  };
}
