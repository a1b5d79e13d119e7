import type { TableFill } from "./conntrack/conntrack.ts";

/** Above this part of the kernel's table new flows of any network may soon be dropped. */
const fullPart = 0.7;
/** What refused networks hold ends a minute later only. Until then the others may not fill the table beyond this part. */
const heldPart = 0.9;
/** Who has no more than this part of the table is never refused for what others hold. */
const smallPart = 1 / 64;
/** Who was refused is admitted again below this part of the bound. */
const releasePart = 0.9;
/** So much more than at the last count, and a network may have passed its share by much since. */
const quickGrowthPart = 1 / 16;
/** Counting rests for so many times as long as it took: it takes a twentieth of the time, and a quarter in a hurry. */
const rest = { usual: 20, hurried: 3 } as const;

/** What one network may have. */
export interface FlowLimits extends TableFill {
  /** Most flows of one network, from 1; half of the table where it is left out. */
  readonly perNetwork?: number;
}

/** When flows were counted by network, and with what result. */
export interface LastCount {
  /** Time since it ended; Infinity where there was none. */
  readonly agoMs: number;
  readonly tookMs: number;
  /** Flows that there were when it began. */
  readonly entries: number;
}

/** `count`: who is crowded can be told only by counting; `nobody`: it is known without; `wait`: all stays as it is. */
export type Look = "count" | "nobody" | "wait";

/**
 * Returns what one look at how full the table is calls for. A network never has more flows than there are, so as long
 * as all of them are fewer than one may have, nobody needs to be counted.
 * @param isAnyCrowded whether a network is refused now
 */
export function judgeFill(limits: FlowLimits, isAnyCrowded: boolean, last: LastCount): Look {
  const { entries, room } = limits;
  const harmless = Math.min(shareOf(limits), room * fullPart);
  if (entries <= harmless * releasePart) return "nobody";
  if (entries <= harmless && !isAnyCrowded) return "wait";
  const isHurried = entries > room * fullPart || entries - last.entries > room * quickGrowthPart;
  return last.agoMs >= last.tookMs * (isHurried ? rest.hurried : rest.usual) ? "count" : "wait";
}

/**
 * Returns the networks whose new sessions are to be refused: those with more flows than their share, and where the table
 * is nearly full, the largest ones, until all could be within half of it; then the larger ones of the rest too, where
 * what those hold leaves no room for them.
 * @param counts flows by network
 * @param before the networks that are refused now
 */
export function crowdedNetworks(
  counts: ReadonlyMap<number, number>,
  limits: FlowLimits,
  before: ReadonlySet<number>,
): ReadonlySet<number> {
  const { entries, room } = limits;
  const isNearlyFull = entries > room * fullPart * (before.size > 0 ? releasePart : 1);
  const level = isNearlyFull ? evenLevel([...counts.values()], room / 2) : Number.POSITIVE_INFINITY;
  const largest = above(Math.min(shareOf(limits), level), counts, before);
  return new Set([...largest, ...squeezed(counts, room, largest, before)]);
}

/** Returns those of the other networks that have to share what the refused ones leave of the table. */
function squeezed(
  counts: ReadonlyMap<number, number>,
  room: number,
  refused: readonly number[],
  before: ReadonlySet<number>,
): readonly number[] {
  if (refused.length === 0) return [];
  const others = new Map([...counts].filter(([network]) => !refused.includes(network)));
  const left = room * heldPart - refused.reduce((sum, network) => sum + (counts.get(network) ?? 0), 0);
  const isAnyRefused = [...others.keys()].some((network) => before.has(network));
  const present = [...others.values()].reduce((sum, count) => sum + count, 0);
  if (present <= left * (isAnyRefused ? releasePart : 1)) return [];
  const level = evenLevel([...others.values()], Math.max(0, left * releasePart));
  return above(Math.max(level, room * smallPart), others, before);
}

/** Returns the networks that have more than a bound; those that are refused now until they are well below it. */
function above(
  bound: number,
  counts: ReadonlyMap<number, number>,
  before: ReadonlySet<number>,
): readonly number[] {
  return [...counts].flatMap(([network, count]) =>
    count > bound * (before.has(network) ? releasePart : 1) ? [network] : [],
  );
}

function shareOf({ perNetwork, room }: FlowLimits): number {
  return perNetwork ?? Math.floor(room / 2);
}

/** Returns the most that each may have so that all together have at most `budget`; Infinity where they have. */
function evenLevel(counts: readonly number[], budget: number): number {
  let left = budget;
  for (const [index, count] of counts.toSorted((a, b) => a - b).entries()) {
    const even = left / (counts.length - index);
    if (count > even) return even;
    left -= count;
  }
  return Number.POSITIVE_INFINITY;
}
