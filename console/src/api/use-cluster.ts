import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useSession } from "../session/session-context.tsx";
import type { Cluster, Endpoint } from "./generated.ts";
import { getAll } from "./get-all.ts";
import { useEvents, useFiguresInterval } from "./use-events.ts";


const clusterRefreshMs = 10_000;

/** One cluster. What its nodes carry is no event: it is asked for now and then. */
export function useCluster(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["clusters", id, "cluster"],
    queryFn: ({ signal }) => api.get<Cluster>(`${own}/clusters/${id}`, {}, signal),
    refetchInterval: clusterRefreshMs,
  });
}

/** Every connection of a cluster's service, with the figures of now. Asks for nothing while there is no service. */
export function useConnections(id: string, isOpen: boolean) {
  const { api, own } = useSession();
  const { history } = useEvents();
  const query = useQuery({
    queryKey: ["clusters", id, "connections"],
    queryFn: ({ signal }) =>
      getAll<Endpoint>(api, `${own}/clusters/${id}/connections`, "connections", signal),
    refetchInterval: useFiguresInterval(),
    enabled: isOpen,
  });
  const { data, dataUpdatedAt } = query;
  useEffect(() => {
    history.record(data?.map((row) => ({ ...row, endpoint: row.id })) ?? [], dataUpdatedAt);
  }, [history, data, dataUpdatedAt]);
  const version = useSyncExternalStore(history.subscribe, () => history.version);
  const connections = useMemo(
    (): readonly LiveConnection[] | undefined =>
      data?.map((row) => {
        const { sessions, bytesPerSecond } = history.of(row.id).at(-1) ?? {
          ...row,
          bytesPerSecond: 0,
        };
        const refusalCount = Object.values(row.refusals).reduce((sum, count) => sum + count, 0);
        return { ...row, sessions, refusalCount, bytesPerSecond };
      }),
    // oxlint-disable-next-line react/exhaustive-deps -- the version stands for what the history holds
    [data, history, version],
  );
  return { ...query, connections };
}

export interface LiveConnection extends Endpoint {
  /** Both directions together. */
  readonly bytesPerSecond: number;
  /** For whatever reason. */
  readonly refusalCount: number;
}
