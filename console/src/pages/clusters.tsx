import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { useMemo } from "react";
import { Link, useNavigate } from "react-router";
import type { Cluster, Service } from "../api/generated.ts";
import { useClusters, useServices } from "../api/use-cluster.ts";
import { ListTable } from "../parts/list-table.tsx";
import { texts } from "../texts/en.ts";

interface ClusterRow extends Cluster {
  readonly isOpen: boolean;
  readonly healthyNodes: number;
  readonly sessions: number;
  readonly connections: number;
}

const t = texts.clusters;

/** All clusters of the project. */
export function ClustersPage() {
  const navigate = useNavigate();
  const clusters = useClusters();
  const services = useServices();
  const rows = useMemo(
    () => services.data && clusters.data?.map((cluster) => rowOf(cluster, services.data)),
    [clusters.data, services.data],
  );
  const failed = clusters.error ? clusters : services;
  return (
    <ListTable<ClusterRow>
      variant="full-page"
      title={t.title}
      empty={t.empty}
      filter={t.filter}
      rows={rows}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      error={failed.error}
      onRetry={() => void failed.refetch()}
      actions={
        <Button variant="primary" onClick={() => void navigate("/clusters/register")}>
          {t.register}
        </Button>
      }
      columns={columns}
    />
  );
}

const columns: readonly TableProps.ColumnDefinition<ClusterRow>[] = [
  {
    id: "name",
    header: t.name,
    cell: ({ id, name }) => <Link to={`/clusters/${id}`}>{name}</Link>,
    sortingField: "name",
    isRowHeader: true,
  },
  {
    id: "engine",
    header: t.engine,
    sortingField: "engine",
    cell: ({ engine, version }) => `${engine} ${version}`,
  },
  {
    id: "health",
    header: t.health,
    sortingField: "healthyNodes",
    cell: ({ nodes, healthyNodes }) => <Health nodes={nodes} healthy={healthyNodes} />,
  },
  {
    id: "service",
    header: t.service,
    sortingField: "isOpen",
    cell: ({ isOpen }) =>
      isOpen ? (
        <StatusIndicator>{t.open}</StatusIndicator>
      ) : (
        <StatusIndicator type="stopped">{t.closed}</StatusIndicator>
      ),
  },
  {
    id: "connections",
    header: t.connections,
    sortingField: "connections",
    cell: ({ connections }) => connections,
  },
  { id: "sessions", header: t.sessions, sortingField: "sessions", cell: ({ sessions }) => sessions },
];

function Health({ nodes, healthy }: Pick<Cluster, "nodes"> & { readonly healthy: number }) {
  if (nodes.every((node) => node.healthy === null)) {
    return <StatusIndicator type="pending">{t.notChecked(nodes.length)}</StatusIndicator>;
  }
  const type = healthy === nodes.length ? "success" : healthy === 0 ? "error" : "warning";
  return <StatusIndicator type={type}>{t.healthy(healthy, nodes.length)}</StatusIndicator>;
}

function rowOf(cluster: Cluster, services: readonly Service[]): ClusterRow {
  const own = services.filter((service) => service.cluster_id === cluster.id);
  return {
    ...cluster,
    isOpen: cluster.service?.enabled === true,
    healthyNodes: cluster.nodes.filter(({ healthy }) => healthy).length,
    sessions: cluster.nodes.reduce((sum, node) => sum + (node.sessions ?? 0), 0),
    connections: own.reduce((sum, service) => sum + service.connections, 0),
  };
}
