import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { useClusterSessions } from "../../api/use-cluster-sessions.ts";
import type { Cluster, LiveSession } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatBytes } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.sessions;

/** Who is connected at this moment, the newest first, and a way to end one. */
export function SessionsTab({ cluster }: { readonly cluster: Cluster }) {
  const { own } = useSession();
  const query = useClusterSessions(cluster.id);
  const [change, setChange] = useState<Change>();
  const endOf = (session: LiveSession): Change => ({
    title: t.end.title(session.source),
    description: t.end.text(session.endpoint),
    confirm: t.end.confirm,
    method: "DELETE",
    path: `${own}/services/${cluster.service?.id ?? ""}/sessions/${encodeURIComponent(session.id)}`,
    query: { endpoint: session.endpoint },
  });
  return (
    <>
      <ListTable<LiveSession>
        title={t.title}
        empty={t.empty}
        filter={t.filter}
        rows={query.data?.sessions}
        idOf={({ endpoint, id }) => `${endpoint} ${id}`}
        nameOf={({ source }) => source}
        error={query.error}
        onRetry={() => void query.refetch()}
        columns={[
          {
            id: "source",
            header: t.source,
            sortingField: "source",
            isRowHeader: true,
            cell: (row) => row.source,
          },
          {
            id: "endpoint",
            header: t.endpoint,
            sortingField: "endpoint",
            cell: (row) => <code>{row.endpoint}</code>,
          },
          { id: "node", header: t.node, sortingField: "node", cell: ({ node }) => node ?? "–" },
          { id: "state", header: t.state, sortingField: "state", cell: ({ state }) => state },
          {
            id: "age",
            header: t.age,
            sortingField: "age_seconds",
            cell: (row) => (row.age_seconds === undefined ? "–" : t.seconds(row.age_seconds)),
          },
          {
            id: "idle",
            header: t.idle,
            sortingField: "idle_seconds",
            cell: (row) => (row.idle_seconds === undefined ? "–" : t.seconds(row.idle_seconds)),
          },
          {
            id: "bytes",
            header: t.bytes,
            sortingField: "bytes_out",
            cell: (row) => `${formatBytes(row.bytes_in)} / ${formatBytes(row.bytes_out)}`,
          },
          {
            id: "actions",
            header: t.actions,
            cell: (row) => (
              <Button variant="inline-link" onClick={() => setChange(endOf(row))}>
                {t.end.confirm}
              </Button>
            ),
          },
        ]}
      />
      {change ? <ChangeDialog change={change} onClose={() => setChange(undefined)} /> : null}
    </>
  );
}
