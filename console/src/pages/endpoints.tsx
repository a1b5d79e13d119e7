import { useCollection } from "@cloudscape-design/collection-hooks";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { Link } from "react-router";
import { useEndpoints } from "../api/use-endpoints.ts";
import type { Endpoint } from "../api/generated.ts";
import { Empty } from "../parts/empty.tsx";
import { EndpointStatusIndicator } from "../parts/endpoint-status.tsx";
import { Failure } from "../parts/failure.tsx";
import { LinkButton } from "../parts/link-button.tsx";
import { texts } from "../texts/en.ts";

const t = texts.endpoints;

const columns: readonly TableProps.ColumnDefinition<Endpoint>[] = [
  {
    id: "id",
    header: t.id,
    cell: ({ id }) => <Link to={`/endpoints/${id}`}>{id}</Link>,
    sortingField: "id",
    isRowHeader: true,
  },
  {
    id: "status",
    header: t.status,
    cell: ({ status }) => <EndpointStatusIndicator status={status} />,
    sortingField: "status",
  },
  { id: "service", header: t.service, cell: (item) => item.service_name, sortingField: "service_name" },
  {
    id: "address",
    header: t.address,
    cell: ({ ip, ip6, port }) => (ip6 === undefined ? `${ip}:${port}` : `${ip}:${port} [${ip6}]:${port}`),
  },
  {
    id: "sessions",
    header: t.sessions,
    cell: ({ sessions, max_session: max }) => t.sessionsOf(sessions, max),
    sortingField: "sessions",
  },
  { id: "description", header: t.description, cell: ({ description }) => description },
];

/** The project's own endpoints: the consumer's view. */
export function EndpointsPage() {
  const query = useEndpoints();
  const { items, filterProps, collectionProps, paginationProps } = useCollection(
    query.data?.endpoints ?? [],
    {
      filtering: {
        empty: <Empty title={t.emptyTitle}>{t.empty}</Empty>,
        noMatch: <Empty title={texts.list.noMatch} />,
      },
      sorting: {},
      pagination: { pageSize: 50 },
    },
  );
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Table
      {...collectionProps}
      variant="full-page"
      items={items}
      loading={query.isPending}
      loadingText={texts.loading}
      columnDefinitions={columns}
      wrapLines
      ariaLabels={{ tableLabel: t.title }}
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={query.data ? `(${query.data.total_count})` : undefined}
          actions={
            <LinkButton to="/endpoints/create" variant="primary">
              {t.create}
            </LinkButton>
          }
        >
          {t.title}
        </Header>
      }
      filter={<TextFilter {...filterProps} filteringPlaceholder={t.filter} filteringAriaLabel={t.filter} />}
      pagination={paginationProps.pagesCount > 1 ? <Pagination {...paginationProps} /> : undefined}
    />
  );
}
