import type { Sample, Samples } from "../../api/generated.ts";

/** What the last hour is told in: a time for each turn, and the value of each line in it. */
export interface Hour {
  /** Of each turn, in milliseconds since the epoch, oldest first. */
  readonly times: readonly number[];
  readonly values: Readonly<Record<Quantity, readonly (number | undefined)[]>>;
}

export const quantities = ["sessions", "newSessions", "bytesIn", "bytesOut", "refusals"] as const;
/** All but the sessions are a second. */
export type Quantity = (typeof quantities)[number];

const hourS = 3_600;

/** Returns the hour that ends with the newest sample; undefined where there is none. A turn without a sample has no values. */
export function hourOf({ interval_seconds: everyS, samples }: Samples): Hour | undefined {
  const byTime = new Map(samples.map((sample) => [Date.parse(sample.at), sample]));
  const newest = Math.max(...byTime.keys());
  if (!Number.isFinite(newest)) return undefined;
  const turns = Math.round(hourS / everyS);
  const times = Array.from({ length: turns }, (_, n) => newest - (turns - 1 - n) * everyS * 1_000);
  const line = (read: (sample: Sample) => number): (number | undefined)[] =>
    times.map((at) => {
      const sample = byTime.get(at);
      return sample && read(sample);
    });
  return {
    times,
    values: {
      sessions: line(({ sessions }) => sessions),
      newSessions: line((sample) => sample.new_sessions / everyS),
      bytesIn: line((sample) => sample.bytes_in / everyS),
      bytesOut: line((sample) => sample.bytes_out / everyS),
      refusals: line((sample) => sample.refusals / everyS),
    },
  };
}

/** Returns the runs of turns that have a value: a line is broken where there are none. */
export function runsOf(values: readonly (number | undefined)[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (const [turn, value] of values.entries()) {
    if (value === undefined) continue;
    const last = runs.at(-1);
    if (last?.at(-1) === turn - 1) last.push(turn);
    else runs.push([turn]);
  }
  return runs;
}

/** Returns the least round number that nothing is above: 1, 2 or 5 times a power of ten. */
export function roundTop(values: readonly (number | undefined)[]): number {
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  if (highest === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? 10 * power;
}

/** Returns the turns that fall on a quarter of an hour. */
export function quarterTurns(times: readonly number[]): readonly number[] {
  const quarterMs = 900_000;
  return times.flatMap((at, turn) => (at % quarterMs === 0 ? [turn] : []));
}
