import type { TableProps } from "@cloudscape-design/components/table";
import { Link } from "react-router";
import { useEndpoints } from "../api/use-endpoints.ts";
import type { Endpoint } from "../api/generated.ts";
import { EndpointStatusIndicator } from "../parts/endpoint-status.tsx";
import { Gauge } from "../parts/gauge.tsx";
import { LinkButton } from "../parts/link-button.tsx";
import { ListTable } from "../parts/list-table.tsx";
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
    // The longest of its words.
    minWidth: 130,
    cell: ({ status }) => <EndpointStatusIndicator status={status} />,
    sortingField: "status",
  },
  { id: "service", header: t.service, cell: (item) => item.service_name, sortingField: "service_name" },
  {
    id: "address",
    header: t.address,
    sortingField: "ip",
    cell: ({ ip, ip6, port }) => (ip6 === undefined ? `${ip}:${port}` : `${ip}:${port} [${ip6}]:${port}`),
  },
  {
    id: "sessions",
    header: t.sessions,
    cell: ({ id, sessions, max_session: max }) => (
      <Gauge value={sessions} most={max} label={t.sessionsLabel(id)} />
    ),
    sortingField: "sessions",
  },
  {
    id: "description",
    header: t.description,
    sortingField: "description",
    cell: ({ description }) => description,
  },
];

/** The project's own endpoints: the consumer's view. */
export function EndpointsPage() {
  const { data, error, refetch } = useEndpoints();
  return (
    <ListTable<Endpoint>
      variant="full-page"
      title={t.title}
      empty={t.emptyTitle}
      emptyHint={t.empty}
      filter={t.filter}
      rows={data}
      idOf={({ id }) => id}
      nameOf={({ id }) => id}
      error={error}
      onRetry={() => void refetch()}
      wrapLines
      actions={
        <LinkButton to="/endpoints/create" variant="primary">
          {t.create}
        </LinkButton>
      }
      columns={columns}
    />
  );
}
