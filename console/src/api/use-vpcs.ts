import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { ListVpcsAnswer, Status, Vpc } from "./generated.ts";

/** The project's networks, with the use of their pools. */
export function useVpcs() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks"],
    queryFn: ({ signal }) => api.get<ListVpcsAnswer>(`${own}/vpcs`, { limit: 1_000 }, signal),
  });
}

/** One of them. */
export function useVpc(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks", id],
    queryFn: ({ signal }) => api.get<Vpc>(`${own}/vpcs/${id}`, {}, signal),
  });
}

/** The server and its gateways. */
export function useStatus() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["gateways"],
    queryFn: ({ signal }) => api.get<Status>(`${own}/status`, {}, signal),
    // Gateways report without an event of it.
    refetchInterval: 5_000,
  });
}
