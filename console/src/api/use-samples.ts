import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { ConnectionThroughput, Samples } from "./generated.ts";

/** The server takes one that often. */
const refreshMs = 15_000;
const mostConnections = 1_000;

/**
 * The samples of the last hour, of a cluster or of one endpoint.
 * @param of which of the two, and its id
 */
export function useLastHour(of: "clusters" | "endpoints", id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: [of, id, "samples"],
    queryFn: ({ signal }) => api.get<Samples>(`${own}/${of}/${id}/samples`, {}, signal),
    refetchInterval: refreshMs,
  });
}

/** Bytes a second of each connection over the last quarter of an hour, oldest first, by endpoint; silent ones have none. */
export function useThroughput(cluster: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", cluster, "throughput"],
    queryFn: async ({ signal }) => {
      const path = `${own}/clusters/${cluster}/samples/connections`;
      const { interval_seconds: everyS, connections } = await api.get<{
        readonly interval_seconds: number;
        readonly connections: readonly ConnectionThroughput[];
      }>(path, { limit: mostConnections }, signal);
      return new Map(
        connections.map(
          ({ endpoint, bytes }) => [endpoint, bytes.map((sum) => (sum ?? 0) / everyS)] as const,
        ),
      );
    },
    refetchInterval: refreshMs,
  });
}
