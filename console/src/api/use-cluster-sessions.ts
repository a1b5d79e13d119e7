import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { ListSessionsOfClusterAnswer } from "./generated.ts";
import { leastIntervalMs } from "./use-events.ts";

const mostSessions = 1_000;

/** The newest sessions of a cluster: gateways tell of them when they are asked. */
export function useClusterSessions(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", id, "sessions"],
    queryFn: ({ signal }) =>
      api.get<ListSessionsOfClusterAnswer>(`${own}/clusters/${id}/sessions`, { limit: mostSessions }, signal),
    refetchInterval: leastIntervalMs,
  });
}
