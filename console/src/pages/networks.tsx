import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import { useState } from "react";
import { Link } from "react-router";
import { useVpcs } from "../api/use-vpcs.ts";
import type { Vpc } from "../api/generated.ts";
import { attachmentText } from "../parts/attachment-fields.tsx";
import { ListTable } from "../parts/list-table.tsx";
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
  return (
    <>
      <ListTable<Vpc>
        variant="full-page"
        title={t.title}
        empty={t.emptyTitle}
        emptyHint={t.empty}
        filter={t.filter}
        rows={query.data}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        error={query.error}
        onRetry={() => void query.refetch()}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t.create}
          </Button>
        }
        columns={columns}
      />
      {isCreating ? <CreateNetwork onDismiss={() => setCreating(false)} /> : null}
    </>
  );
}
