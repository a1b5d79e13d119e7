import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";

export interface Session {
  readonly id: string;
  readonly endpoint: string;
  readonly source: string;
  readonly node?: string;
  readonly state: string;
  readonly age_seconds?: number;
  readonly idle_seconds?: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

const refreshMs = 5_000;
const mostSessions = 1_000;

/** The newest sessions of a cluster: gateways tell of them when they are asked. */
export function useClusterSessions(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", id, "sessions"],
    queryFn: ({ signal }) =>
      api.get<{ readonly sessions: readonly Session[]; readonly total_count: number }>(
        `${own}/clusters/${id}/sessions`,
        { limit: mostSessions },
        signal,
      ),
    refetchInterval: refreshMs,
  });
}
