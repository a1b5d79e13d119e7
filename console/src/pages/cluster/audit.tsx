import ExpandableSection from "@cloudscape-design/components/expandable-section";
import { useQuery } from "@tanstack/react-query";
import type { AuditRecord, Cluster, ListAuditAnswer } from "../../api/generated.ts";
import { useNames } from "../../api/use-names.ts";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.audit;

/** Who did what to this cluster, and what it was before and after. */
export function AuditTab({ cluster }: { readonly cluster: Cluster }) {
  const { api, own } = useSession();
  const nameOf = useNames();
  const query = useQuery({
    queryKey: ["clusters", cluster.id, "audit"],
    queryFn: ({ signal }) =>
      api.get<ListAuditAnswer>(`${own}/audit`, { resource: `cluster/${cluster.id}`, limit: 1_000 }, signal),
  });
  return (
    <ListTable<AuditRecord>
      title={t.title}
      empty={t.empty}
      filter={t.filter}
      rows={query.data?.events.map((row) => ({
        ...row,
        actor: row.actor === undefined ? t.somebody : nameOf(row.actor),
      }))}
      idOf={({ seq }) => String(seq)}
      nameOf={({ action }) => action}
      error={query.error}
      onRetry={() => void query.refetch()}
      columns={[
        { id: "at", header: t.at, sortingField: "at", cell: ({ at }) => formatTime(at) },
        { id: "actor", header: t.actor, sortingField: "actor", cell: ({ actor }) => actor },
        {
          id: "action",
          header: t.action,
          sortingField: "action",
          isRowHeader: true,
          cell: (row) => row.action,
        },
        { id: "source", header: t.source, sortingField: "source", cell: ({ source }) => source ?? "–" },
        { id: "changes", header: t.changes, cell: (row) => <Changes changes={row.changes} /> },
      ]}
    />
  );
}

function Changes({ changes }: Pick<AuditRecord, "changes">) {
  if (changes.length === 0) return "–";
  return (
    <ExpandableSection headerText={t.count(changes.length)}>
      {changes.map(({ resource, before, after }) => (
        <div key={resource}>
          <b>{resource}</b>
          <ul>
            {changedColumns(before, after).map((column) => (
              <li key={column}>
                {column}: {show(before?.[column])} → {show(after?.[column])}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </ExpandableSection>
  );
}

type Row = Readonly<Record<string, unknown>> | null;

function changedColumns(before: Row, after: Row): readonly string[] {
  const columns = Object.keys({ ...before, ...after });
  return columns.filter((column) => show(before?.[column]) !== show(after?.[column]));
}

function show(value: unknown): string {
  return value === undefined || value === null ? "–" : JSON.stringify(value);
}
