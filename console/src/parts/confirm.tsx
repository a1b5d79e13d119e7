import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { texts } from "../texts/en.ts";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./failure.tsx";

interface ConfirmProps {
  readonly title: string;
  /** The verb of the button that does it. */
  readonly action: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onDismiss: () => void;
  /** What is asked. */
  readonly children: ReactNode;
}

/** Asks before something is done that cuts nobody, and stays with the server's reason where it is refused. */
export function Confirm({ title, action, onConfirm, onDismiss, children }: ConfirmProps) {
  const queries = useQueryClient();
  const doing = useMutation({
    mutationFn: onConfirm,
    onSuccess: onDismiss,
    onSettled: () => void queries.invalidateQueries(),
  });
  return (
    <Dialog
      title={title}
      action={{ text: action, onClick: () => doing.mutate(), isBusy: doing.isPending }}
      onClose={onDismiss}
    >
      {children}
      <div aria-live="assertive">
        {doing.error ? <Failure title={texts.change.failed} error={doing.error} /> : null}
      </div>
    </Dialog>
  );
}
