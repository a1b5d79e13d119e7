import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Failure } from "../parts/failure.tsx";
import { useSession } from "../session/session-context.tsx";
import { texts } from "../texts/en.ts";

interface ClusterRow {
  readonly id: string;
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  readonly nodes: readonly { readonly health?: string; readonly state?: string }[];
  readonly service: { readonly enabled: boolean } | null;
}

const t = texts.clusters;

/** All clusters of the project. */
export function ClustersPage() {
  const { api, own } = useSession();
  const query = useQuery({
    queryKey: ["clusters", "list"],
    queryFn: ({ signal }) =>
      api.get<{ readonly clusters: readonly ClusterRow[] }>(`${own}/clusters`, { limit: 1_000 }, signal),
  });
  const { items, filterProps, collectionProps } = useCollection(query.data?.clusters ?? [], {
    filtering: {
      empty: (
        <Box textAlign="center">
          <b>{t.emptyTitle}</b>
          <Box>{t.empty}</Box>
        </Box>
      ),
      noMatch: <Box textAlign="center">{t.noMatchTitle}</Box>,
    },
    sorting: {},
  });
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Table
      {...collectionProps}
      variant="full-page"
      items={items}
      loading={query.isPending}
      loadingText={texts.loading}
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={query.data ? `(${query.data.clusters.length})` : undefined}
        >
          {t.title}
        </Header>
      }
      filter={<TextFilter {...filterProps} filteringPlaceholder={t.filter} filteringAriaLabel={t.filter} />}
      columnDefinitions={[
        {
          id: "name",
          header: t.name,
          cell: ({ id, name }) => <Link to={`/clusters/${id}`}>{name}</Link>,
          sortingField: "name",
          isRowHeader: true,
        },
        { id: "engine", header: t.engine, cell: ({ engine, version }) => `${engine} ${version}` },
        { id: "nodes", header: t.health, cell: ({ nodes }) => nodes.length },
        {
          id: "service",
          header: t.service,
          cell: ({ service }) =>
            service?.enabled ? (
              <StatusIndicator>{t.open}</StatusIndicator>
            ) : (
              <StatusIndicator type="stopped">{t.closed}</StatusIndicator>
            ),
        },
      ]}
    />
  );
}
