import Button from "@cloudscape-design/components/button";
import type { TableProps } from "@cloudscape-design/components/table";
import { useState } from "react";
import { useEndpointSessions } from "../../api/use-endpoints.ts";
import type { LiveSession } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatBytes, formatSeconds } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

const orNothing = (seconds: number | undefined): string =>
  seconds === undefined ? "–" : formatSeconds(seconds);

const columns: readonly TableProps.ColumnDefinition<LiveSession>[] = [
  {
    id: "source",
    header: t.source,
    sortingField: "source",
    cell: ({ source }) => source,
    isRowHeader: true,
  },
  { id: "age", header: t.age, sortingField: "age_seconds", cell: (item) => orNothing(item.age_seconds) },
  { id: "idle", header: t.idle, sortingField: "idle_seconds", cell: (item) => orNothing(item.idle_seconds) },
  { id: "in", header: t.bytesIn, sortingField: "bytes_in", cell: (item) => formatBytes(item.bytes_in) },
  { id: "out", header: t.bytesOut, sortingField: "bytes_out", cell: (item) => formatBytes(item.bytes_out) },
];

/** Who is connected through it, and a way to end one of them. */
export function Sessions({ id }: { readonly id: string }) {
  const { own } = useSession();
  const query = useEndpointSessions(id);
  const [change, setChange] = useState<Change>();
  const endOf = (session: LiveSession): Change => ({
    title: t.endTitle,
    description: t.endWarns(session.source),
    confirm: t.end,
    method: "DELETE",
    path: `${own}/endpoints/${id}/sessions/${encodeURIComponent(session.id)}`,
  });
  const end: TableProps.ColumnDefinition<LiveSession> = {
    id: "end",
    header: t.end,
    cell: (row) => (
      <Button variant="inline-link" ariaLabel={t.endLabel(row.source)} onClick={() => setChange(endOf(row))}>
        {t.end}
      </Button>
    ),
  };
  return (
    <>
      <ListTable<LiveSession>
        title={t.liveSessions}
        empty={t.noSessions}
        filter={t.findSessions}
        rows={query.data?.sessions}
        total={query.data?.total_count}
        idOf={(row) => row.id}
        nameOf={({ source }) => source}
        error={query.error}
        onRetry={() => void query.refetch()}
        columns={[...columns, end]}
      />
      {change ? <ChangeDialog change={change} onClose={() => setChange(undefined)} /> : null}
    </>
  );
}
