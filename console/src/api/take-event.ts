import type { QueryClient } from "@tanstack/react-query";
import type { HappenedEvent } from "./generated.ts";

/** The key of the newest events. */
export const activityKey = ["activity"] as const;
/** As many are kept to look at. */
export const mostEvents = 500;

/**
 * Puts an event as the stream tells of it before those that are shown, newest first.
 * @returns whether they are complete now; they are not where they are just being read
 */
export function takeEvent(queries: QueryClient, event: HappenedEvent): boolean {
  queries.setQueryData<readonly HappenedEvent[]>(
    activityKey,
    (events) => events && [event, ...events.filter(({ id }) => id !== event.id)].slice(0, mostEvents),
  );
  return queries.isFetching({ queryKey: activityKey }) === 0;
}
