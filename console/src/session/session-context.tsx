import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiClient } from "../api/client.ts";
import { ApiFailure } from "../api/failure.ts";
import { requestSigner, type AccessKey } from "../api/sign.ts";
import type { Session as SessionInfo } from "../api/generated.ts";
import { SignInPage } from "./sign-in.tsx";

const sessionPath = "/postern/v1/session";

export interface Password {
  readonly account: string;
  readonly user: string;
  readonly password: string;
}

export interface Session {
  readonly info: SessionInfo;
  readonly api: ApiClient;
  /** Prefix of Postern's own API, of this project. */
  readonly own: string;
  readonly signOut: () => Promise<void>;
}

const SessionContext = createContext<Session | null>(null);

/** Who is signed in. @throws Error outside of the provider */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("Nobody is signed in here.");
  return session;
}

/** Shows its children to whoever is signed in, and the form for that to everybody else. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const [state, setState] = useState<{ info: SessionInfo; api: ApiClient } | "looking" | "nobody">("looking");
  useEffect(() => {
    void recall(new ApiClient()).then((found) => setState(found ?? "nobody"));
  }, []);
  const session = useMemo<Session | null>(() => {
    if (typeof state === "string") return null;
    const { info, api } = state;
    return {
      info,
      api,
      own: `/postern/v1/${info.project_id}`,
      signOut: async () => {
        await api.request("DELETE", sessionPath).catch(() => undefined);
        queries.clear();
        setState("nobody");
      },
    };
  }, [state, queries]);
  if (state === "looking") return null;
  if (session) return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
  return (
    <SignInPage
      onPassword={async (password) => {
        const api = new ApiClient();
        const { body } = await api.request<SessionInfo>("POST", sessionPath, { body: password });
        setState({ info: body, api });
      }}
      onKey={async (key: AccessKey) => {
        const api = new ApiClient(requestSigner(key));
        setState({ info: await api.get<SessionInfo>(sessionPath), api });
      }}
    />
  );
}

/** Whoever the browser still has a session of. */
async function recall(api: ApiClient): Promise<{ info: SessionInfo; api: ApiClient } | undefined> {
  try {
    return { info: await api.get<SessionInfo>(sessionPath), api };
  } catch (error) {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  }
}
