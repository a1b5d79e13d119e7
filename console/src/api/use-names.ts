import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useSession } from "../session/session-context.tsx";
import { ApiFailure } from "./failure.ts";

interface Named {
  readonly id: string;
  readonly name: string;
}

const staleMs = 60_000;
const mostNames = 1_000;
const none: ReadonlyMap<string, string> = new Map();

/**
 * Names for the ids of answers: of the account's users and the project's networks, and for an operator of all accounts.
 * Returns the id itself where its name is not the reader's to know.
 */
export function useNames(): (id: string) => string {
  const { api, own, info } = useSession();
  const { data = none } = useQuery({
    queryKey: ["names"],
    queryFn: async ({ signal }) => {
      // A role may not see one of them: that hides no other name.
      const read = async (path: string, key: string): Promise<readonly Named[]> => {
        try {
          type Answer = Readonly<Record<string, readonly Named[]>>;
          return (await api.get<Answer>(path, { limit: mostNames }, signal))[key] ?? [];
        } catch (error) {
          if (error instanceof ApiFailure && error.status === 403) return [];
          throw error;
        }
      };
      const lists = await Promise.all([
        read("/postern/v1/users", "users"),
        read(`${own}/vpcs`, "vpcs"),
        info.is_operator ? read("/postern/v1/accounts", "accounts") : [],
      ]);
      const known = [...lists.flat(), info.user, info.account];
      return new Map(known.map(({ id, name }) => [id, name]));
    },
    staleTime: staleMs,
  });
  return useCallback((id: string) => data.get(id) ?? id, [data]);
}
