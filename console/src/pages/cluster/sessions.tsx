import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import type { TableProps } from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Cluster, LiveSession } from "../../api/generated.ts";
import { useClusterSessions } from "../../api/use-cluster-sessions.ts";
import { formatBytes, formatSeconds } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { texts } from "../../texts/en.ts";
import { EndSessions } from "./end-sessions.tsx";
import { byNumber, byText } from "./session-order.ts";

const t = texts.cluster.sessions;

/** Who is connected at this moment, the newest first, and a way to end one or many. */
export function SessionsTab({ cluster }: { readonly cluster: Cluster }) {
  const query = useClusterSessions(cluster.id);
  const [selected, setSelected] = useState<readonly LiveSession[]>([]);
  const [ending, setEnding] = useState<readonly LiveSession[]>();
  const { sessions, total_count: total = 0, gateways_missing: missing = 0 } = query.data ?? {};
  return (
    <>
      {missing > 0 ? <Alert type="warning">{t.missing(missing)}</Alert> : null}
      <ListTable<LiveSession>
        title={t.title}
        empty={t.empty}
        filter={t.filter}
        rows={sessions}
        total={query.data ? total : undefined}
        idOf={({ endpoint, id }) => `${endpoint} ${id}`}
        nameOf={({ source }) => source}
        error={query.error}
        onRetry={() => void query.refetch()}
        selection={{ selected, onSelect: setSelected }}
        actions={
          <Button disabled={selected.length === 0} onClick={() => setEnding(selected)}>
            {t.end.confirm}
          </Button>
        }
        columns={columns}
      />
      {sessions && total > sessions.length ? t.cut(sessions.length, total) : null}
      {ending ? (
        <EndSessions
          cluster={cluster}
          sessions={ending}
          onClose={(isDone) => {
            setEnding(undefined);
            if (isDone) setSelected([]);
          }}
        />
      ) : null}
    </>
  );
}

const orNothing = (seconds: number | undefined): string =>
  seconds === undefined ? "–" : formatSeconds(seconds);

const columns: readonly TableProps.ColumnDefinition<LiveSession>[] = [
  {
    id: "source",
    header: t.source,
    sortingComparator: byText(({ source }) => source),
    isRowHeader: true,
    cell: (row) => row.source,
  },
  {
    id: "endpoint",
    header: t.endpoint,
    sortingField: "endpoint",
    cell: (row) => <code>{row.endpoint}</code>,
  },
  {
    id: "node",
    header: t.node,
    sortingComparator: byText(({ node }) => node),
    cell: ({ node }) => node ?? "–",
  },
  { id: "state", header: t.state, sortingField: "state", cell: ({ state }) => state },
  {
    id: "age",
    header: t.age,
    sortingComparator: byNumber((row) => row.age_seconds),
    cell: (row) => orNothing(row.age_seconds),
  },
  {
    id: "idle",
    header: t.idle,
    sortingComparator: byNumber((row) => row.idle_seconds),
    cell: (row) => orNothing(row.idle_seconds),
  },
  {
    id: "bytes",
    header: t.bytes,
    sortingComparator: byNumber((row) => row.bytes_in + row.bytes_out),
    cell: (row) => `${formatBytes(row.bytes_in)} / ${formatBytes(row.bytes_out)}`,
  },
];
