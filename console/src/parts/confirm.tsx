import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { texts } from "../texts/en.ts";

interface ConfirmProps {
  readonly title: string;
  /** The verb of the button that does it. */
  readonly action: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onDismiss: () => void;
  /** What is changed or destroyed, by its name. */
  readonly children: ReactNode;
}

/** Asks before something is done, and stays with the server's reason where it is refused. */
export function Confirm({ title, action, onConfirm, onDismiss, children }: ConfirmProps) {
  const doing = useMutation({ mutationFn: onConfirm, onSuccess: onDismiss });
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={texts.confirm.close}
      onDismiss={onDismiss}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDismiss}>
              {texts.confirm.cancel}
            </Button>
            <Button variant="primary" loading={doing.isPending} onClick={() => doing.mutate()}>
              {action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {children}
        <div aria-live="assertive">
          {doing.error ? (
            <Alert type="error" header={texts.confirm.failed}>
              {doing.error.message}
            </Alert>
          ) : null}
        </div>
      </SpaceBetween>
    </Modal>
  );
}
