import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { memo, useDeferredValue, useState, type ReactNode } from "react";
import { refusalsOf, useConnections, type LiveConnection } from "../../api/use-cluster.ts";
import { useSamples } from "../../api/use-events.ts";
import { withFigures, type LiveEndpoint } from "../../api/use-figures.ts";
import type { Cluster } from "../../api/generated.ts";
import { useThroughput } from "../../api/use-samples.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatBytes, formatRate, formatTime } from "../../parts/format.ts";
import { Gauge } from "../../parts/gauge.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { CapsDialog } from "./caps-dialog.tsx";
import { NoteDialog } from "./note-dialog.tsx";

const t = texts.cluster.connections;
const statusTypes: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  accepted: "success",
  pendingAcceptance: "pending",
  creating: "in-progress",
  rejected: "stopped",
  failed: "error",
};

/** Rows keep their places that long, whatever they are sorted by. */
const orderMs = 10_000;

/** Who is connected, what he carries, and the two buttons. */
export function ConnectionsTab({ cluster }: { readonly cluster: Cluster }) {
  const isOpen = cluster.service?.enabled === true;
  const { connections, error, refetch } = useConnections(cluster.id, isOpen, orderMs);
  // Drawing the table takes a while: what somebody does meanwhile comes first.
  const rows = useDeferredValue(connections);
  return <ConnectionsTable cluster={cluster} isOpen={isOpen} rows={rows} error={error} refetch={refetch} />;
}

interface ConnectionsTableProps {
  readonly cluster: Cluster;
  readonly isOpen: boolean;
  readonly rows: readonly LiveConnection[] | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}

const editors = { caps: CapsDialog, note: NoteDialog };

/** What of a connection is being changed. */
interface Edited {
  readonly what: keyof typeof editors;
  readonly connection: LiveConnection | undefined;
}

const ConnectionsTable = memo(function ConnectionsTable(props: ConnectionsTableProps) {
  const { cluster, isOpen, rows, error, refetch } = props;
  const { info } = useSession();
  const [selected, setSelected] = useState<readonly LiveConnection[]>([]);
  const [change, setChange] = useState<Change>();
  const [edited, setEdited] = useState<Edited>();
  const Edit = edited && editors[edited.what];
  const decide = (action: "receive" | "reject"): Change => ({
    title: t[action].title(selected.length),
    description: t.named(selected.map(({ id, account }) => `${id} (${account})`)),
    confirm: t[action].confirm,
    method: "POST",
    path: `/v1.0/${info.project_id}/clusters/${cluster.id}/vpcepservice/connections`,
    body: { action, endpoint_id_list: selected.map(({ id }) => id) },
  });
  return (
    <>
      <ListTable<LiveConnection>
        title={t.title}
        empty={isOpen ? t.empty : t.closed}
        filter={t.filter}
        rows={isOpen ? rows : []}
        idOf={({ id }) => id}
        nameOf={({ id }) => id}
        columns={columns}
        error={error}
        onRetry={() => void refetch()}
        selection={{ selected, onSelect: setSelected }}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {(["receive", "reject"] as const).map((action) => (
              <Button key={action} disabled={selected.length === 0} onClick={() => setChange(decide(action))}>
                {t[action].confirm}
              </Button>
            ))}
            {(["caps", "note"] as const).map((what) => (
              <Button
                key={what}
                disabled={selected.length !== 1}
                onClick={() => setEdited({ what, connection: selected[0] })}
              >
                {t[what].open}
              </Button>
            ))}
          </SpaceBetween>
        }
      />
      {Edit && edited.connection ? (
        <Edit
          connection={edited.connection}
          onClose={(isDone) => {
            setEdited(undefined);
            if (isDone) setSelected([]);
          }}
        />
      ) : null}
      {change ? (
        <ChangeDialog
          change={change}
          onClose={(isDone) => {
            setChange(undefined);
            if (isDone) setSelected([]);
          }}
        />
      ) : null}
    </>
  );
});

const columns: readonly TableProps.ColumnDefinition<LiveConnection>[] = [
  {
    id: "status",
    header: t.status,
    sortingField: "status",
    cell: ({ status, error }) => (
      <StatusIndicator type={statusTypes[status] ?? "info"}>
        {t.statuses[status]}
        {error ? `: ${error.message}` : ""}
      </StatusIndicator>
    ),
  },
  {
    id: "account",
    header: t.account,
    sortingField: "account",
    cell: (row) => <span title={row.account_id}>{row.account}</span>,
  },
  {
    id: "address",
    header: t.address,
    sortingField: "ip",
    cell: ({ ip, ip6 }) => (
      <>
        {ip}
        {ip6 === undefined ? null : <div>{ip6}</div>}
      </>
    ),
  },
  {
    id: "sessions",
    header: t.sessions,
    sortingField: "sessions",
    cell: (row) => (
      <Live row={row}>
        {({ sessions }) => <Gauge value={sessions} most={row.max_session} label={t.sessionsOf(row.id)} />}
      </Live>
    ),
  },
  {
    id: "throughput",
    header: t.throughput,
    sortingField: "bytesPerSecond",
    cell: (row) => <Live row={row}>{(live) => <Throughput row={live} />}</Live>,
  },
  {
    id: "carried",
    header: t.carried,
    sortingComparator: (one, other) => one.bytes_in + one.bytes_out - (other.bytes_in + other.bytes_out),
    cell: (row) => (
      <Live row={row}>
        {({ bytes_in: into, bytes_out: out }) => `${formatBytes(into)} / ${formatBytes(out)}`}
      </Live>
    ),
  },
  {
    id: "refusals",
    header: t.refusals,
    sortingField: "refusalCount",
    cell: (row) => <Live row={row}>{refusalsOf}</Live>,
  },
  { id: "id", header: t.id, sortingField: "id", isRowHeader: true, cell: ({ id }) => <code>{id}</code> },
  { id: "dns", header: t.dns, sortingField: "dns_name", cell: (row) => row.dns_name ?? "–" },
  {
    id: "specification",
    header: t.specification,
    sortingField: "specification_name",
    cell: (row) => row.specification_name,
  },
  { id: "note", header: t.note.header, sortingField: "owner_note", cell: (row) => row.owner_note ?? "–" },
  { id: "created", header: t.created, sortingField: "created_at", cell: (row) => formatTime(row.created_at) },
  {
    id: "updated",
    header: t.updated,
    sortingField: "updated_at",
    cell: (row) => (row.updated_at === undefined ? "–" : formatTime(row.updated_at)),
  },
];

interface LiveProps {
  readonly row: LiveConnection;
  readonly children: (row: LiveEndpoint) => ReactNode;
}

/** Is drawn with each sample of its connection; the table around it is not. */
function Live({ row, children }: LiveProps) {
  return children(withFigures(row, useSamples(row.id).at(-1)));
}

/** The last quarter of an hour as the server has sampled it, and what is carried now. */
function Throughput({ row: { id, cluster_id: cluster, bytesPerSecond } }: { readonly row: LiveEndpoint }) {
  const past = useThroughput(cluster).data?.get(id) ?? [];
  const now = formatRate(bytesPerSecond);
  return (
    <span className="gauge">
      <Sparkline values={[...past, bytesPerSecond]} label={t.throughputNow(now)} />
      <span>{now}</span>
    </span>
  );
}
