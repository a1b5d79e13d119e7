import Alert from "@cloudscape-design/components/alert";
import type { UseQueryResult } from "@tanstack/react-query";
import { texts } from "../texts/en.ts";

interface StaleProps {
  readonly query: Pick<UseQueryResult, "failureReason" | "dataUpdatedAt">;
}

/** Says since when what a page shows is not fresh any more; nothing while it is. */
export function Stale({ query: { failureReason, dataUpdatedAt } }: StaleProps) {
  return (
    <div aria-live="polite">
      {failureReason === null ? null : (
        <Alert type="warning" header={texts.stale.title}>
          {texts.stale.since(new Date(dataUpdatedAt).toLocaleTimeString("en-GB"))}
        </Alert>
      )}
    </div>
  );
}
