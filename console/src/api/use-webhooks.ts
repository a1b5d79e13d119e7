import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { Delivery, ListWebhooksAnswer, Webhook } from "./generated.ts";
import { getAll } from "./get-all.ts";
import { leastIntervalMs } from "./use-events.ts";

/** The project's webhooks: 20 at most. */
export function useWebhooks() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["webhooks", "list"],
    queryFn: async ({ signal }) =>
      (await api.get<ListWebhooksAnswer>(`${own}/webhooks`, {}, signal)).webhooks,
  });
}

/** One of them. */
export function useWebhook(id: string) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["webhooks", id],
    queryFn: ({ signal }) => api.get<Webhook>(`${own}/webhooks/${id}`, {}, signal),
  });
}

/** Messages that are on their way to it, or that were given up. */
export function useDeliveries(id: string, status: Delivery["status"]) {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["webhooks", id, status],
    queryFn: ({ signal }) =>
      getAll<Delivery>(api, `${own}/webhooks/${id}/deliveries`, "deliveries", signal, { status }),
    refetchInterval: leastIntervalMs,
  });
}
