import type { TableProps } from "@cloudscape-design/components/table";
import { useMemo } from "react";
import { Link } from "react-router";
import type { HappenedEvent } from "../api/generated.ts";
import { useActivity } from "../api/use-activity.ts";
import { formatTime } from "../parts/format.ts";
import { ListTable } from "../parts/list-table.tsx";
import { texts } from "../texts/en.ts";
import { detailOf, pathOf } from "./event-facts.ts";

const t = texts.activity;

/** An event in words, which are found and sorted by. */
interface Told extends HappenedEvent {
  readonly what: string;
  readonly detail: string;
}

const columns: readonly TableProps.ColumnDefinition<Told>[] = [
  { id: "at", header: t.at, sortingField: "id", minWidth: 190, cell: (row) => formatTime(row.timestamp) },
  {
    id: "what",
    header: t.what,
    sortingField: "what",
    minWidth: 240,
    isRowHeader: true,
    cell: ({ what }) => what,
  },
  { id: "resource", header: t.resource, sortingField: "resource", cell: (row) => <Resource event={row} /> },
  { id: "detail", header: t.detail, cell: ({ detail }) => detail },
];

/** What happened in the project lately, and what happens. */
export function ActivityPage() {
  const query = useActivity();
  const rows = useMemo(
    () => query.data?.map((event) => ({ ...event, what: t.kinds[event.type], detail: detailOf(event) })),
    [query.data],
  );
  return (
    <ListTable<Told>
      variant="full-page"
      title={t.title}
      empty={t.empty}
      emptyHint={t.emptyHint}
      filter={t.filter}
      rows={rows}
      idOf={({ id }) => String(id)}
      nameOf={({ what }) => what}
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
