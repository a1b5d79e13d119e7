import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { ApiFailure } from "../api/failure.ts";
import { texts } from "../texts/en.ts";

interface FailureProps {
  readonly error: unknown;
  /** Where it was not loading that failed. */
  readonly title?: string;
  readonly onRetry?: () => void;
}

/** What went wrong, in the server's words, and a way to try again. */
export function Failure({ error, title = texts.failure.title, onRetry }: FailureProps) {
  const message = error instanceof Error ? error.message : String(error);
  const requestId = error instanceof ApiFailure ? error.requestId : undefined;
  return (
    <Alert
      type="error"
      header={title}
      action={onRetry ? <Button onClick={onRetry}>{texts.retry}</Button> : undefined}
    >
      {message}
      {requestId === undefined ? null : <div>{texts.failure.requestId(requestId)}</div>}
    </Alert>
  );
}
