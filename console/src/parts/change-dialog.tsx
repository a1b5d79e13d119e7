import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { useMutation, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { ApiFailure } from "../api/failure.ts";
import type { Plan } from "../api/generated.ts";
import { pause } from "../api/pause.ts";
import { useLeaving } from "../api/use-leaving.ts";
import { useRefresh } from "../api/use-refresh.ts";
import { useSession } from "../session/session-context.tsx";
import { texts } from "../texts/en.ts";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./failure.tsx";
import type { Farewell } from "./notices.tsx";
import { outcomeOf, OutcomeText, type Outcome } from "./outcome.tsx";
import { PlanSummary } from "./plan-summary.tsx";

/** A write that is looked at before it is made. */
export interface Change {
  /** Names what is done, and to what. */
  readonly title: string;
  readonly description?: ReactNode;
  readonly confirm: string;
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Where it leads, as what the page shows is gone with it, and what is said of it there. */
  readonly farewell?: { readonly path: string; readonly done: string };
}

interface ChangeDialogProps {
  readonly change: Change;
  /** @param isDone the change was made */
  readonly onClose: (isDone: boolean) => void;
  /** Fields that the change is made of: what it would do is asked anew while they are filled in. */
  readonly children?: ReactNode;
  /** The fields do not say enough yet. */
  readonly isIncomplete?: boolean;
}

const t = texts.change;
/** Whoever types has stopped then. */
const typedMs = 300;

/** Shows what a change would cut, makes it where that is confirmed, and says what it did cut. */
export function ChangeDialog({ change, onClose, children, isIncomplete = false }: ChangeDialogProps) {
  const { api } = useSession();
  const navigate = useNavigate();
  const { method, path, query, body, farewell } = change;
  const options = { ...(query ? { query } : {}), ...(body ? { body } : {}) };
  const leaving = useLeaving();
  const request = async () => (await api.request<unknown>(method, path, options)).headers;
  const write = useMutation({
    mutationFn: farewell ? () => leaving(request) : request,
    onSuccess: (headers) => {
      if (!farewell) return;
      const state: Farewell = { outcome: outcomeOf(farewell.done, headers) };
      void navigate(farewell.path, { state });
    },
    onSettled: useRefresh(),
  });
  const preview = useQuery({
    queryKey: ["preview", method, path, query, body],
    queryFn: async ({ signal }) => {
      if (children !== undefined) await pause(typedMs, signal);
      const headers = { "x-postern-dry-run": "true" };
      return (await api.request<Plan>(method, path, { ...options, headers, signal })).body;
    },
    enabled: !isIncomplete && (write.isIdle || write.isError),
    staleTime: 0,
    gcTime: 0,
  });
  if (write.isSuccess && !farewell) {
    return (
      <Dialog title={change.title} onClose={() => onClose(true)}>
        <Done outcome={outcomeOf(t.done, write.data)} />
      </Dialog>
    );
  }
  const isUnknown = isIncomplete || !preview.data || preview.isError;
  return (
    <Dialog
      title={change.title}
      action={{
        text: change.confirm,
        onClick: () => write.mutate(),
        isBusy: write.isPending || write.isSuccess,
        isDisabled: isUnknown,
      }}
      onClose={() => onClose(false)}
    >
      {change.description === undefined ? null : <Box>{change.description}</Box>}
      {children}
      <div aria-live="polite">{isIncomplete ? null : <Preview preview={preview} />}</div>
      {write.error ? <Failure title={t.failed} error={write.error} /> : null}
    </Dialog>
  );
}

function Preview({ preview: { data, error, refetch } }: { readonly preview: UseQueryResult<Plan> }) {
  if (error) {
    const isRefused = error instanceof ApiFailure && error.status >= 400 && error.status < 500;
    return (
      <Failure
        title={isRefused ? t.refused : t.noPreview}
        error={error}
        {...(isRefused ? {} : { onRetry: () => void refetch() })}
      />
    );
  }
  if (data) return <PlanSummary plan={data} />;
  return (
    <Box>
      <Spinner /> {t.looking}
    </Box>
  );
}

function Done({ outcome }: { readonly outcome: Outcome }) {
  return (
    <output>
      <Alert type={outcome.isEnforced ? "success" : "warning"} header={outcome.done}>
        <OutcomeText outcome={outcome} />
      </Alert>
    </output>
  );
}
