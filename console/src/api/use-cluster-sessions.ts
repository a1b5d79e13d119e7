import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { ListSessionsOfClusterAnswer } from "./generated.ts";

const refreshMs = 5_000;
const mostSessions = 1_000;

/** The newest sessions of a cluster: gateways tell of them when they are asked. */
export function useClusterSessions(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", id, "sessions"],
    queryFn: ({ signal }) =>
      api.get<ListSessionsOfClusterAnswer>(`${own}/clusters/${id}/sessions`, { limit: mostSessions }, signal),
    refetchInterval: refreshMs,
  });
}
