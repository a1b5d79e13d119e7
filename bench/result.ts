/** What one bench found out. */
export interface BenchResult {
  readonly tables: readonly Table[];
  /** What the reader has to know beside the tables: what was skipped, and why. */
  readonly notes: readonly string[];
  /** Ours divided by theirs, by "measure_vs_whom". */
  readonly ratios: Readonly<Record<string, number>>;
  /** Times in milliseconds. */
  readonly ms: Readonly<Record<string, number>>;
  /** Sizes in bytes. */
  readonly bytes: Readonly<Record<string, number>>;
}

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The result of a bench that cannot run here. @param why without a full stop */
export function skipped(why: string): BenchResult {
  return { tables: [], notes: [`Skipped: ${why}.`], ratios: {}, ms: {}, bytes: {} };
}

/** Runs a bench. `progress` gets one sentence now and then: what happens now. */
export type Bench = (progress: (sentence: string) => void) => Promise<BenchResult>;

/** First column to the left, the others to the right, each as wide as its widest cell. */
export function formatTable(table: Table): string {
  const lines = [table.header, ...table.rows];
  const widths = table.header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const formatted = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("   ")
      .trimEnd(),
  );
  return [table.title, ...formatted].join("\n");
}

/** @throws RangeError where there are no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError("There is no median of no values.");
  return (low + high) / 2;
}
