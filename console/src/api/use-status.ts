import { useQuery } from "@tanstack/react-query";
import { useSession } from "../session/session-context.tsx";
import type { Status } from "./generated.ts";
import { leastIntervalMs } from "./use-events.ts";

/** A status, with when it was so; both in milliseconds since the epoch. */
export interface AnsweredStatus extends Status {
  /** On the server's clock, which the status is by. */
  readonly answeredAt: number;
  /** The same moment on this browser's. */
  readonly heardAt: number;
}

/** The server and its gateways. */
export function useStatus() {
  const { api, own } = useSession();
  return useQuery({
    queryKey: ["gateways"],
    queryFn: async ({ signal }): Promise<AnsweredStatus> => {
      const { body, headers } = await api.request<Status>("GET", `${own}/status`, { signal });
      const heardAt = Date.now();
      return { ...body, answeredAt: Date.parse(headers.get("date") ?? "") || heardAt, heardAt };
    },
    // Whether a gateway is there is an event; how far it is, is not.
    refetchInterval: leastIntervalMs,
  });
}
