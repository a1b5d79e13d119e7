import { useQueryClient } from "@tanstack/react-query";
import { useEvents } from "./use-events.ts";

/**
 * Returns what does a piece of work that takes away what the page shows: nothing of that is asked for any more, unless
 * the work fails. The page is to be left afterwards.
 */
export function useLeaving(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const queries = useQueryClient();
  const { gate } = useEvents();
  return async (work) => {
    gate.close();
    try {
      await queries.cancelQueries();
      return await work();
    } catch (error) {
      gate.open();
      throw error;
    }
  };
}
