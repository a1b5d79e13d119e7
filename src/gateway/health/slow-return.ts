import { fullWeight } from "../../domain/desired.ts";

/** Shares of a node that came back, and how long each lasts. Few: the kernel is told of each. */
const steps = [
  { share: fullWeight / 4, forMs: 5_000 },
  { share: fullWeight / 2, forMs: 5_000 },
] as const;

/** Returns the share of new sessions that a node gets so long after it came back, 1 to `fullWeight`. Pure. */
export function shareAfter(elapsedMs: number): number {
  let endsMs = 0;
  for (const { share, forMs } of steps) {
    endsMs += forMs;
    if (elapsedMs < endsMs) return share;
  }
  return fullWeight;
}

/** Returns in how many milliseconds `shareAfter` says something else; undefined: never. */
export function nextShareInMs(elapsedMs: number): number | undefined {
  let endsMs = 0;
  for (const { forMs } of steps) {
    endsMs += forMs;
    if (elapsedMs < endsMs) return endsMs - elapsedMs;
  }
  return undefined;
}
