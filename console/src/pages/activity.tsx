import type { TableProps } from "@cloudscape-design/components/table";
import { Link } from "react-router";
import type { HappenedEvent } from "../api/generated.ts";
import { useActivity } from "../api/use-activity.ts";
import { formatTime } from "../parts/format.ts";
import { ListTable } from "../parts/list-table.tsx";
import { texts } from "../texts/en.ts";
import { detailOf, pathOf } from "./event-facts.ts";

const t = texts.activity;

const columns: readonly TableProps.ColumnDefinition<HappenedEvent>[] = [
  { id: "at", header: t.at, sortingField: "id", minWidth: 190, cell: (row) => formatTime(row.timestamp) },
  { id: "kind", header: t.kind, sortingField: "type", isRowHeader: true, cell: ({ type }) => t.kinds[type] },
  { id: "resource", header: t.resource, sortingField: "resource", cell: (row) => <Resource event={row} /> },
  { id: "detail", header: t.detail, cell: detailOf },
];

/** What happened in the project lately, and what happens. */
export function ActivityPage() {
  const query = useActivity();
  return (
    <ListTable<HappenedEvent>
      variant="full-page"
      title={t.title}
      empty={t.empty}
      emptyHint={t.emptyHint}
      filter={t.filter}
      rows={query.data}
      idOf={({ id }) => String(id)}
      nameOf={({ type }) => t.kinds[type]}
      error={query.error}
      onRetry={() => void query.refetch()}
      columns={columns}
      wrapLines
    />
  );
}

function Resource({ event }: { readonly event: HappenedEvent }) {
  const path = pathOf(event);
  return path === undefined ? event.resource : <Link to={path}>{event.resource}</Link>;
}
