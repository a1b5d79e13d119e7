import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { ApiFailure } from "../api/failure.ts";
import { Failure } from "./failure.tsx";
import { Loading } from "./loading.tsx";

interface LoadedProps<Data> {
  readonly query: {
    readonly data: Data | undefined;
    readonly error: Error | null;
    readonly refetch: () => unknown;
  };
  readonly children: (data: Data) => ReactNode;
}

/** What was loaded. What could not be loaded again stays, with the reason; what is gone does not. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  const { data, error } = query;
  const failure = error ? <Failure error={error} onRetry={() => void query.refetch()} /> : null;
  const isGone = error instanceof ApiFailure && error.status === 404;
  if (data === undefined || isGone) return failure ?? <Loading />;
  if (!failure) return children(data);
  return (
    <SpaceBetween size="l">
      {failure}
      {children(data)}
    </SpaceBetween>
  );
}
