import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { texts } from "../texts/en.ts";

interface DialogProps {
  readonly title: string;
  /** The button that does it; where it is left out there is nothing to do any more but to close. */
  readonly action?: {
    readonly text: string;
    readonly onClick: () => void;
    readonly isBusy: boolean;
    readonly isDisabled?: boolean;
  };
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The frame of everything that is asked beside a page. It stays while something is being done. */
export function Dialog({ title, action, onClose, children }: DialogProps) {
  const isBusy = action?.isBusy === true;
  const close = (): void => {
    if (!isBusy) onClose();
  };
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={texts.change.dismiss}
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant={action ? "link" : "primary"} disabled={isBusy} onClick={close}>
              {action ? texts.change.cancel : texts.change.close}
            </Button>
            {action ? (
              <Button
                variant="primary"
                disabled={action.isDisabled === true}
                loading={isBusy}
                onClick={action.onClick}
              >
                {action.text}
              </Button>
            ) : null}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">{children}</SpaceBetween>
    </Modal>
  );
}
