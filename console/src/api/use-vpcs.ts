import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { StatusInfo, VpcInfo } from "./wire.ts";

/** The project's networks, with the use of their pools. */
export function useVpcs() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks"],
    queryFn: ({ signal }) =>
      api.get<{ readonly vpcs: readonly VpcInfo[]; readonly total_count: number }>(
        `${own}/vpcs`,
        { limit: 1_000 },
        signal,
      ),
  });
}

/** One of them. */
export function useVpc(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["networks", id],
    queryFn: ({ signal }) => api.get<VpcInfo>(`${own}/vpcs/${id}`, {}, signal),
  });
}

/** The server and its gateways. */
export function useStatus() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["gateways"],
    queryFn: ({ signal }) => api.get<StatusInfo>(`${own}/status`, {}, signal),
    // Gateways report without an event of it.
    refetchInterval: 5_000,
  });
}
