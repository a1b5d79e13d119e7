import Header from "@cloudscape-design/components/header";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useEndpointRefusals } from "../../api/use-endpoints.ts";
import type { Refusal } from "../../api/generated.ts";
import { Empty } from "../../parts/empty.tsx";
import { Failure } from "../../parts/failure.tsx";
import { formatTime } from "../../parts/format.ts";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

const columns: readonly TableProps.ColumnDefinition<Refusal>[] = [
  { id: "reason", header: t.reason, cell: ({ rule }) => rule, isRowHeader: true },
  { id: "source", header: t.source, cell: ({ source }) => source ?? t.manySources },
  { id: "count", header: t.count, cell: ({ count }) => count.toLocaleString("en") },
  { id: "last", header: t.last, cell: (item) => formatTime(item.last_at) },
];

/** What was refused of it, latest first. */
export function Refusals({ id }: { readonly id: string }) {
  const query = useEndpointRefusals(id);
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Table
      items={query.data?.refusals ?? []}
      loading={query.isPending}
      loadingText={texts.loading}
      columnDefinitions={columns}
      ariaLabels={{ tableLabel: t.refusals }}
      wrapLines
      header={
        <Header variant="h2" counter={query.data ? `(${query.data.total_count})` : undefined}>
          {t.refusals}
        </Header>
      }
      empty={<Empty title={t.noRefusals} />}
    />
  );
}
