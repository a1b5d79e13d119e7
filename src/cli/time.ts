import { InvalidArgumentError } from "commander";
import { durationText } from "../lib/duration-text.ts";

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const local = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?$/;
const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Returns a parser of how long something lasts: `90s`, `10m`, `2h`; seconds where it has no unit.
 * @param least in seconds, whole
 * @param most in seconds, whole
 * @returns seconds
 */
export function duration(least: number, most: number): (text: string) => number {
  return (text) => {
    const [, count, unit] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
    const seconds = (Number(count) * (units[unit || "s"] ?? Number.NaN)) / 1_000;
    if (seconds >= least && seconds <= most) return seconds;
    throw new InvalidArgumentError(
      `It must be a time from ${durationText(least)} to ${durationText(most)}, such as 30s, 10m or 2h.`,
    );
  };
}

/** Longest time that a command asks the server to keep something up for, in seconds: a day. */
export const longestDuration = 86_400;

/**
 * Parses a time that a person gives: ISO 8601, in UTC where it has no zone, or how long ago, as in `-2h`.
 * @returns ISO 8601 in UTC
 */
export function parseTime(text: string): string {
  const [, count, unit] = /^-(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time =
    count === undefined
      ? Date.parse(
          zoned.test(text) ? text : local.test(text) ? `${text}${text.includes("T") ? "" : "T00:00"}Z` : "",
        )
      : Date.now() - Number(count) * (units[unit ?? ""] ?? Number.NaN);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError(
    "It must be a time such as 2026-05-04T13:30Z, or how long ago: -90s, -15m, -2h, -7d.",
  );
}
