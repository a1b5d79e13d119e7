import { useQuery } from "@tanstack/react-query";
import { getAll } from "../../api/get-all.ts";
import type { Cluster, Refusal } from "../../api/generated.ts";
import { useNames } from "../../api/use-names.ts";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.refusals;
const refreshMs = 10_000;

/** Which connections were refused, by which rule, and from where. */
export function RefusalsTab({ cluster }: { readonly cluster: Cluster }) {
  const { api, own } = useSession();
  const nameOf = useNames();
  const query = useQuery({
    queryKey: ["clusters", cluster.id, "refusals"],
    queryFn: ({ signal }) =>
      getAll<Refusal>(api, `${own}/clusters/${cluster.id}/refusals`, "refusals", signal),
    refetchInterval: refreshMs,
  });
  return (
    <ListTable<Refusal>
      title={t.title}
      empty={t.empty}
      filter={t.filter}
      rows={query.data?.map((row) => ({ ...row, account: nameOf(row.account) }))}
      idOf={({ endpoint, reason, source = "" }) => `${endpoint} ${reason} ${source}`}
      nameOf={({ reason }) => reason}
      error={query.error}
      onRetry={() => void query.refetch()}
      wrapLines
      columns={[
        { id: "last", header: t.last, sortingField: "last_at", cell: (row) => formatTime(row.last_at) },
        { id: "reason", header: t.reason, sortingField: "reason", cell: ({ reason }) => reason },
        { id: "source", header: t.source, sortingField: "source", cell: (row) => row.source ?? t.others },
        { id: "account", header: t.account, sortingField: "account", cell: ({ account }) => account },
        { id: "count", header: t.count, sortingField: "count", cell: ({ count }) => count },
        { id: "rule", header: t.rule, isRowHeader: true, minWidth: 260, cell: ({ rule }) => rule },
        { id: "first", header: t.first, sortingField: "first_at", cell: (row) => formatTime(row.first_at) },
      ]}
    />
  );
}
