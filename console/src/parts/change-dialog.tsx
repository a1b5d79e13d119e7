import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Plan } from "../api/generated.ts";
import { useSession } from "../session/session-context.tsx";
import { texts } from "../texts/en.ts";
import { Failure } from "./failure.tsx";
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
}

interface ChangeDialogProps {
  readonly change: Change;
  /** @param isDone the change was made */
  readonly onClose: (isDone: boolean) => void;
}

const t = texts.change;

/** Shows what a change would cut, makes it where that is confirmed, and says what it did cut. */
export function ChangeDialog({ change, onClose }: ChangeDialogProps) {
  const { api } = useSession();
  const queries = useQueryClient();
  const { method, path, query, body } = change;
  const options = { ...(query ? { query } : {}), ...(body ? { body } : {}) };
  const preview = useQuery({
    queryKey: ["preview", change],
    queryFn: async ({ signal }) => {
      const headers = { "x-postern-dry-run": "true" };
      return (await api.request<Plan>(method, path, { ...options, headers, signal })).body;
    },
    staleTime: 0,
    gcTime: 0,
  });
  const write = useMutation({
    mutationFn: async () => (await api.request<unknown>(method, path, options)).headers,
    onSettled: () => queries.invalidateQueries({ queryKey: ["clusters"] }),
  });
  const close = (): void => {
    if (!write.isPending) onClose(write.isSuccess);
  };
  return (
    <Modal
      visible
      header={change.title}
      closeAriaLabel={t.cancel}
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant={write.isSuccess ? "primary" : "link"} disabled={write.isPending} onClick={close}>
              {write.isSuccess ? t.close : t.cancel}
            </Button>
            {write.isSuccess ? null : (
              <Button
                variant="primary"
                disabled={!preview.data}
                loading={write.isPending}
                onClick={() => write.mutate()}
              >
                {change.confirm}
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {write.isSuccess ? (
          <Outcome headers={write.data} />
        ) : (
          <>
            {change.description === undefined ? null : <Box>{change.description}</Box>}
            {preview.error ? (
              <Failure title={t.noPreview} error={preview.error} onRetry={() => void preview.refetch()} />
            ) : preview.data ? (
              <PlanSummary plan={preview.data} />
            ) : (
              <Box>
                <Spinner /> {t.looking}
              </Box>
            )}
          </>
        )}
        {write.error ? <Failure title={t.failed} error={write.error} /> : null}
      </SpaceBetween>
    </Modal>
  );
}

function Outcome({ headers }: { readonly headers: Headers }) {
  const severed = Number(headers.get("x-postern-severed") ?? 0);
  const isEnforced = headers.get("x-postern-enforced") === "true";
  return (
    <output>
      <Alert type={isEnforced ? "success" : "warning"} header={t.done}>
        <div>{t.severed(severed)}</div>
        <div>{isEnforced ? t.enforced : t.pending}</div>
      </Alert>
    </output>
  );
}
