import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { HappenedEvent, ListEventsAnswer } from "./generated.ts";
import { activityKey, mostEvents } from "./take-event.ts";

/** What happened in the project, newest first; what happens is added as it comes. */
export function useActivity() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: activityKey,
    queryFn: async ({ signal }): Promise<readonly HappenedEvent[]> => {
      const { events } = await api.get<ListEventsAnswer>(`${own}/events`, { last: mostEvents }, signal);
      return events.toReversed();
    },
  });
}
