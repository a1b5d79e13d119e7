import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSession } from "../session/session-context.tsx";
import type {
  Endpoint,
  Explanation,
  ListRefusalsOfEndpointAnswer,
  ListSessionsOfEndpointAnswer,
} from "./generated.ts";
import { getAll } from "./get-all.ts";
import { leastIntervalMs, useEvents, useRefreshInterval, useSamples } from "./use-events.ts";
import { useFigures, withFigures } from "./use-figures.ts";

const mostRows = 100;

/** The project's endpoints, with the figures of now. */
export function useEndpoints() {
  const { api, own } = useSession();
  const { data, dataUpdatedAt, error, refetch } = useQuery({
    queryKey: ["endpoints", "list"],
    queryFn: ({ signal }) => getAll<Endpoint>(api, `${own}/endpoints`, "endpoints", signal),
    refetchInterval: useRefreshInterval(),
  });
  return { data: useFigures(data, dataUpdatedAt), error, refetch };
}

/** One of them. */
export function useEndpoint(id: string) {
  const { api, own } = useSession();
  const { history } = useEvents();
  const { data, dataUpdatedAt, error, refetch } = useQuery({
    queryKey: ["endpoints", id],
    queryFn: ({ signal }) => api.get<Endpoint>(`${own}/endpoints/${id}`, {}, signal),
    refetchInterval: useRefreshInterval(),
  });
  useEffect(() => {
    if (data) history.record([{ ...data, endpoint: id }], dataUpdatedAt);
  }, [history, id, data, dataUpdatedAt]);
  const sample = useSamples(id).at(-1);
  return { data: data && withFigures(data, sample), error, refetch };
}

/** Who is connected through it: the newest 100. */
export function useEndpointSessions(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "sessions"],
    queryFn: ({ signal }) =>
      api.get<ListSessionsOfEndpointAnswer>(`${own}/endpoints/${id}/sessions`, { limit: mostRows }, signal),
    refetchInterval: leastIntervalMs,
  });
}

/** What was refused of it: the latest 100. */
export function useEndpointRefusals(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["endpoints", id, "refusals"],
    queryFn: ({ signal }) =>
      api.get<ListRefusalsOfEndpointAnswer>(`${own}/endpoints/${id}/refusals`, { limit: mostRows }, signal),
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
