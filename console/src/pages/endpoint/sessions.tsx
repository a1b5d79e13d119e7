import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useEndpointSessions } from "../../api/use-endpoints.ts";
import type { LiveSession } from "../../api/generated.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Failure } from "../../parts/failure.tsx";
import { formatBytes, formatSeconds } from "../../parts/format.ts";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

const orNothing = (seconds: number | undefined): string =>
  seconds === undefined ? "–" : formatSeconds(seconds);

const columns: readonly TableProps.ColumnDefinition<LiveSession>[] = [
  { id: "source", header: t.source, cell: ({ source }) => source, isRowHeader: true },
  { id: "age", header: t.age, cell: (item) => orNothing(item.age_seconds) },
  { id: "idle", header: t.idle, cell: (item) => orNothing(item.idle_seconds) },
  { id: "in", header: t.bytesIn, cell: (item) => formatBytes(item.bytes_in) },
  { id: "out", header: t.bytesOut, cell: (item) => formatBytes(item.bytes_out) },
];

/** Who is connected through it, and a way to end one of them. */
export function Sessions({ id }: { readonly id: string }) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const query = useEndpointSessions(id);
  const [ending, setEnding] = useState<LiveSession>();
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const end = {
    id: "end",
    header: t.end,
    cell: (row: LiveSession) => (
      <Button variant="inline-link" ariaLabel={t.endLabel(row.source)} onClick={() => setEnding(row)}>
        {t.end}
      </Button>
    ),
  };
  return (
    <>
      <Table
        items={query.data?.sessions ?? []}
        trackBy="id"
        loading={query.isPending}
        loadingText={texts.loading}
        columnDefinitions={[...columns, end]}
        ariaLabels={{ tableLabel: t.liveSessions }}
        header={
          <Header variant="h2" counter={query.data ? `(${query.data.total_count})` : undefined}>
            {t.liveSessions}
          </Header>
        }
        empty={<Empty title={t.noSessions} />}
      />
      {ending ? (
        <Confirm
          title={t.endTitle}
          action={t.end}
          onDismiss={() => setEnding(undefined)}
          onConfirm={async () => {
            await api.request("DELETE", `${own}/endpoints/${id}/sessions/${encodeURIComponent(ending.id)}`);
            await queries.invalidateQueries({ queryKey: ["endpoints", id] });
          }}
        >
          {t.endWarns(ending.source)}
        </Confirm>
      ) : null}
    </>
  );
}
