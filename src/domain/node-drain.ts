import type { SessionsFate } from "./desired.ts";
import type { NodeDrain, Timestamp } from "./resources.ts";

/** Sessions at rest are closed for so long before the others are cut, or for half of the whole time where that is less. */
const longestClosingMs = 10_000;

/** Returns what becomes of the sessions of a draining node now. Pure. */
export function sessionsFate(drain: NodeDrain, now: Timestamp): SessionsFate {
  if (drain.cutAt === null || now < closingFrom(drain, drain.cutAt)) return "stay";
  return now < drain.cutAt ? "close" : "cut";
}

/** Returns when `sessionsFate` says something else next; undefined: never. */
export function nextFateAt(drain: NodeDrain, now: Timestamp): Timestamp | undefined {
  if (drain.cutAt === null) return undefined;
  return [closingFrom(drain, drain.cutAt), drain.cutAt].find((at) => at > now);
}

function closingFrom({ since }: NodeDrain, cutAt: Timestamp): Timestamp {
  return Math.ceil(cutAt - Math.min(longestClosingMs, (cutAt - since) / 2));
}
