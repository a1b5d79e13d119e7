import type { Timestamp } from "../resources.ts";

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z?$/;

/**
 * Returns the time of a published text, `2024-06-11T09:36:24Z`. The page describes the form without the Z and shows it
 * with one: both mean UTC.
 * @returns undefined for anything else, and for days and hours that there are not
 */
export function parseListedTime(text: string): Timestamp | undefined {
  const plain = form.exec(text)?.[1];
  if (plain === undefined) return undefined;
  const time = Date.parse(`${plain}Z`);
  // Date.parse takes 30 February for 1 March.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== plain ? undefined : time;
}
