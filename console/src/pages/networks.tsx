import { useCollection } from "@cloudscape-design/collection-hooks";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState } from "react";
import { Link } from "react-router";
import { useVpcs } from "../api/use-vpcs.ts";
import type { Vpc } from "../api/generated.ts";
import { attachmentText } from "../parts/attachment-fields.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failure } from "../parts/failure.tsx";
import { Pool } from "../parts/pool.tsx";
import { texts } from "../texts/en.ts";
import { CreateNetwork } from "./network/create-network.tsx";

const t = texts.networks;

const columns: readonly TableProps.ColumnDefinition<Vpc>[] = [
  {
    id: "name",
    header: t.name,
    cell: ({ id, name }) => <Link to={`/networks/${id}`}>{name}</Link>,
    sortingField: "name",
    isRowHeader: true,
  },
  { id: "cidr", header: t.cidr, cell: ({ cidr, cidr6 }) => [cidr, cidr6].filter(Boolean).join(" · ") },
  { id: "attachment", header: t.attachment, cell: ({ attachment }) => attachmentText(attachment) },
  { id: "engine", header: t.engine, cell: ({ attachment: { kind } }) => t.engines[kind] },
  { id: "dns", header: t.nameServer, cell: (vpc) => vpc.dns_address ?? "–" },
  {
    id: "pools",
    header: t.pools,
    minWidth: 260,
    cell: ({ subnets }) => (
      <SpaceBetween size="s">
        {subnets.slice(0, 3).map((subnet) => (
          <Pool key={subnet.id} subnet={subnet} />
        ))}
      </SpaceBetween>
    ),
  },
];

/** The project's networks. */
export function NetworksPage() {
  const query = useVpcs();
  const [isCreating, setCreating] = useState(false);
  const { items, filterProps, collectionProps } = useCollection(query.data?.vpcs ?? [], {
    filtering: {
      empty: <Empty title={t.emptyTitle}>{t.empty}</Empty>,
      noMatch: <Empty title={texts.list.noMatch} />,
    },
    sorting: {},
  });
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <Table
        {...collectionProps}
        variant="full-page"
        items={items}
        loading={query.isPending}
        loadingText={texts.loading}
        columnDefinitions={columns}
        ariaLabels={{ tableLabel: t.title }}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={query.data ? `(${query.data.total_count})` : undefined}
            actions={
              <Button variant="primary" onClick={() => setCreating(true)}>
                {t.create}
              </Button>
            }
          >
            {t.title}
          </Header>
        }
        filter={<TextFilter {...filterProps} filteringPlaceholder={t.filter} filteringAriaLabel={t.filter} />}
      />
      {isCreating ? <CreateNetwork onDismiss={() => setCreating(false)} /> : null}
    </>
  );
}
