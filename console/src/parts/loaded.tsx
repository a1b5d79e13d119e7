import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
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
  /** Of the page, where what is loaded is all of it: a page that could not be loaded has a heading, too. */
  readonly title?: string;
  readonly children: (data: Data) => ReactNode;
}

/** Of a cluster nobody is told whether it is no more, or another's. */
const goneStatuses = [403, 404];

/** What was loaded. What could not be loaded again stays, with the reason; what is gone does not. */
export function Loaded<Data>({ query, title, children }: LoadedProps<Data>) {
  const { data, error } = query;
  const failure = error ? <Failure error={error} onRetry={() => void query.refetch()} /> : null;
  const isGone = error instanceof ApiFailure && goneStatuses.includes(error.status);
  if (data === undefined || isGone) {
    if (!failure) return <Loading />;
    if (title === undefined) return failure;
    return <ContentLayout header={<Header variant="h1">{title}</Header>}>{failure}</ContentLayout>;
  }
  if (!failure) return children(data);
  return (
    <SpaceBetween size="l">
      {failure}
      {children(data)}
    </SpaceBetween>
  );
}
