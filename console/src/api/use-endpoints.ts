import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type {
  Endpoint,
  Explanation,
  ListConsumerEndpointsAnswer,
  ListRefusalsOfEndpointAnswer,
  ListSessionsOfEndpointAnswer,
  Plan,
} from "./generated.ts";

/** Nothing is asked for more often. */
export const leastIntervalMs = 5_000;

/** The project's endpoints. */
export function useEndpoints() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", "list"],
    queryFn: ({ signal }) =>
      api.get<ListConsumerEndpointsAnswer>(`${own}/endpoints`, { limit: 1_000 }, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** One of them. */
export function useEndpoint(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id],
    queryFn: ({ signal }) => api.get<Endpoint>(`${own}/endpoints/${id}`, {}, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** Who is connected through it: the newest 100. */
export function useEndpointSessions(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "sessions"],
    queryFn: ({ signal }) =>
      api.get<ListSessionsOfEndpointAnswer>(`${own}/endpoints/${id}/sessions`, { limit: 100 }, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** What was refused of it: the latest 100. */
export function useEndpointRefusals(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "refusals"],
    queryFn: ({ signal }) =>
      api.get<ListRefusalsOfEndpointAnswer>(`${own}/endpoints/${id}/refusals`, { limit: 100 }, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** What a gateway does with a new connection to it now. */
export function useExplanation(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "explanation"],
    queryFn: ({ signal }) => api.get<Explanation>(`${own}/explain`, { endpoint: id }, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** What deleting it would cut; asked once, when it is shown. */
export function useDeletionPlan(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "deletion"],
    queryFn: async () => {
      const headers = { "x-postern-dry-run": "true" };
      return (await api.request<Plan>("DELETE", `${own}/endpoints/${id}`, { headers })).body;
    },
    staleTime: 0,
    gcTime: 0,
  });
}
