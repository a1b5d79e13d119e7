import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSession } from "../session/session-context.tsx";
import type { Cluster, Endpoint, Service } from "./generated.ts";
import { getAll } from "./get-all.ts";
import { useRefreshInterval } from "./use-events.ts";
import { useFigures, type LiveEndpoint } from "./use-figures.ts";
import { useNames } from "./use-names.ts";

/** The project's clusters. */
export function useClusters() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", "list"],
    queryFn: ({ signal }) => getAll<Cluster>(api, `${own}/clusters`, "clusters", signal),
    refetchInterval: useRefreshInterval(),
  });
}

/** The services of all of them. */
export function useServices() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", "list", "services"],
    queryFn: ({ signal }) => getAll<Service>(api, `${own}/services`, "services", signal),
    refetchInterval: useRefreshInterval(),
  });
}

/** One cluster, with its nodes as they are now. */
export function useCluster(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", id, "cluster"],
    queryFn: ({ signal }) => api.get<Cluster>(`${own}/clusters/${id}`, {}, signal),
    refetchInterval: useRefreshInterval(),
  });
}

/**
 * Every connection of a cluster's service, with its figures. Asks for nothing while there is no service.
 * @param everyMs how long figures may stay as they are, in milliseconds; 0 for those of now
 */
export function useConnections(id: string, isOpen: boolean, everyMs = 0) {
  const { api, own } = useSession();
  const nameOf = useNames();
  const { data, dataUpdatedAt, error, refetch } = useQuery({
    queryKey: ["clusters", id, "connections"],
    queryFn: ({ signal }) =>
      getAll<Endpoint>(api, `${own}/clusters/${id}/connections`, "connections", signal),
    refetchInterval: useRefreshInterval(),
    enabled: isOpen,
  });
  const live = useFigures(data, dataUpdatedAt, everyMs);
  const connections = useMemo(
    (): readonly LiveConnection[] | undefined =>
      live?.map((row) => ({ ...row, refusalCount: refusalsOf(row), account: nameOf(row.account_id) })),
    [live, nameOf],
  );
  return { connections, error, refetch };
}

export interface LiveConnection extends LiveEndpoint {
  /** For whatever reason. */
  readonly refusalCount: number;
  /** The account's name, or its id. */
  readonly account: string;
}

/** How many connections were refused, for whatever reason. */
export function refusalsOf({ refusals }: Pick<Endpoint, "refusals">): number {
  return Object.values(refusals).reduce((sum, count) => sum + count, 0);
}
