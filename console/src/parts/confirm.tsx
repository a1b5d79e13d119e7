import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useLeaving } from "../api/use-leaving.ts";
import { useRefresh } from "../api/use-refresh.ts";
import { texts } from "../texts/en.ts";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./failure.tsx";

interface ConfirmProps<Result> {
  readonly title: string;
  /** The verb of the button that does it. */
  readonly action: string;
  readonly onConfirm: () => Promise<Result>;
  /** Once it is done; it is dismissed then where this is left out. */
  readonly onDone?: (result: Result) => void;
  readonly onDismiss: () => void;
  /** What the page shows is gone with it: it is not asked for again. */
  readonly isRemoval?: boolean;
  /** What is asked. */
  readonly children: ReactNode;
}

/** Asks before something is done that cuts nobody, and stays with the server's reason where it is refused. */
export function Confirm<Result>(props: ConfirmProps<Result>) {
  const { title, action, onConfirm, onDismiss, onDone = onDismiss, isRemoval = false, children } = props;
  const leaving = useLeaving();
  const doing = useMutation({
    mutationFn: isRemoval ? () => leaving(onConfirm) : onConfirm,
    onSuccess: (result) => onDone(result),
    onSettled: useRefresh(),
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
