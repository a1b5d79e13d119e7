import { useEffect, useState } from "react";
import { texts } from "../texts/en.ts";
import { formatSeconds } from "./format.ts";

interface AgeProps {
  /** How old it was when that was told, in milliseconds. */
  readonly ageMs: number;
  /** When it was told: milliseconds since the epoch, on this browser's clock. */
  readonly toldAt: number;
  /** So long after that it is still as good as new, in milliseconds. */
  readonly freshMs?: number;
}

/** How long something is ago; it counts by itself. */
export function Age({ ageMs, toldAt, freshMs = 0 }: AgeProps) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  // What was told a moment ago was told after the last turn.
  const sinceMs = Math.max(0, now - toldAt);
  if (sinceMs < freshMs) return texts.age.now;
  return texts.age.ago(formatSeconds(Math.round((ageMs + sinceMs) / 1_000)));
}
