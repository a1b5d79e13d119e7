import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { Vpc } from "./generated.ts";
import { getAll } from "./get-all.ts";
import { useRefreshInterval } from "./use-events.ts";

/** The project's networks, with the use of their pools. */
export function useVpcs() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks", "list"],
    queryFn: ({ signal }) => getAll<Vpc>(api, `${own}/vpcs`, "vpcs", signal),
    refetchInterval: useRefreshInterval(),
  });
}

/** One of them. */
export function useVpc(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks", id],
    queryFn: ({ signal }) => api.get<Vpc>(`${own}/vpcs/${id}`, {}, signal),
    refetchInterval: useRefreshInterval(),
  });
}
