import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useEvents } from "./use-events.ts";

/** Returns what has all answers asked for again after a write; of a page whose subject is gone when they are shown next. */
export function useRefresh(): () => void {
  const queries = useQueryClient();
  const { gate } = useEvents();
  return useCallback(() => {
    void queries.invalidateQueries({ refetchType: gate.refetchType });
  }, [queries, gate]);
}
