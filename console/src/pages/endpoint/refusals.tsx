import type { TableProps } from "@cloudscape-design/components/table";
import { useEndpointRefusals } from "../../api/use-endpoints.ts";
import type { Refusal } from "../../api/generated.ts";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

const columns: readonly TableProps.ColumnDefinition<Refusal>[] = [
  { id: "last", header: t.last, sortingField: "last_at", cell: (item) => formatTime(item.last_at) },
  { id: "reason", header: t.reason, sortingField: "reason", cell: ({ rule }) => rule, isRowHeader: true },
  {
    id: "source",
    header: t.source,
    sortingField: "source",
    cell: ({ source }) => source ?? t.manySources,
  },
  { id: "count", header: t.count, sortingField: "count", cell: ({ count }) => count.toLocaleString("en") },
];

/** What was refused of it, latest first. */
export function Refusals({ id }: { readonly id: string }) {
  const query = useEndpointRefusals(id);
  return (
    <ListTable<Refusal>
      title={t.refusals}
      empty={t.noRefusals}
      filter={t.findRefusals}
      rows={query.data?.refusals}
      total={query.data?.total_count}
      idOf={({ reason, source = "" }) => `${reason} ${source}`}
      nameOf={({ rule }) => rule}
      error={query.error}
      onRetry={() => void query.refetch()}
      columns={columns}
      wrapLines
    />
  );
}
