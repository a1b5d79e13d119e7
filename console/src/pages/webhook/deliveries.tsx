import Button from "@cloudscape-design/components/button";
import type { TableProps } from "@cloudscape-design/components/table";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Delivery } from "../../api/generated.ts";
import { useDeliveries } from "../../api/use-webhooks.ts";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.webhooks;

interface DeliveriesProps {
  readonly id: string;
  readonly status: Delivery["status"];
  readonly title: string;
  readonly empty: string;
}

/** Messages of one webhook that have not arrived, and a way to send each again. */
export function Deliveries({ id, status, title, empty }: DeliveriesProps) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const query = useDeliveries(id, status);
  const retry = useMutation({
    mutationFn: ({ id: delivery }: Delivery) =>
      api.request("POST", `${own}/webhooks/${id}/deliveries/${encodeURIComponent(delivery)}/retry`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", id] }),
  });
  return (
    <ListTable<Delivery>
      title={title}
      empty={empty}
      filter={t.findDeliveries}
      rows={query.data}
      idOf={(row) => row.id}
      nameOf={({ kind }) => kind}
      error={retry.error ?? query.error}
      onRetry={() => {
        retry.reset();
        void query.refetch();
      }}
      columns={[
        ...columns,
        {
          id: "retry",
          header: t.retry,
          cell: (row) => (
            <Button
              variant="inline-link"
              ariaLabel={t.retryOf(row.kind, row.resource)}
              disabled={retry.isPending}
              onClick={() => retry.mutate(row)}
            >
              {t.retry}
            </Button>
          ),
        },
      ]}
      wrapLines
    />
  );
}

const columns: readonly TableProps.ColumnDefinition<Delivery>[] = [
  { id: "created", header: t.created, sortingField: "created_at", cell: (row) => formatTime(row.created_at) },
  { id: "kind", header: t.kind, sortingField: "kind", isRowHeader: true, cell: ({ kind }) => kind },
  { id: "resource", header: t.resource, sortingField: "resource", cell: ({ resource }) => resource },
  { id: "failures", header: t.failures, sortingField: "failures", cell: ({ failures }) => failures },
  {
    id: "next",
    header: t.next,
    sortingField: "next_attempt_at",
    cell: ({ next_attempt_at: next }) => (next === undefined ? "–" : formatTime(next)),
  },
  { id: "problem", header: t.problem, cell: ({ problem }) => problem ?? "–" },
];
