/** Calls the API where it listens: on the loopback of the gateway's namespace. */
import { callApi } from "../api.ts";
import type { Credentials } from "../api.ts";
import { serve } from "./serve.ts";

const procedures = {
  call: async (
    caller: Credentials,
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ) => {
    // A body that is left out comes as null through the channel.
    const answer = await callApi<unknown>(caller, method, path, body ?? undefined, headers);
    return { status: answer.status, headers: [...answer.headers], body: answer.body };
  },
};

export type ApiProcedures = typeof procedures;
serve(procedures);
