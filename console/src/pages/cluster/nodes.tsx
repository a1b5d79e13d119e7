import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { Cluster, ClusterNode } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatBytes, formatNumber, formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { DrainDialog, DrainProgress } from "./drain.tsx";

const t = texts.cluster.nodes;
const stateTypes: Readonly<Record<ClusterNode["state"], StatusIndicatorProps.Type>> = {
  serving: "success",
  draining: "in-progress",
  drained: "stopped",
  down: "error",
};

/** The cluster's nodes: how they are, what they carry, and which of them take no new sessions. */
export function NodesTab({ cluster }: { readonly cluster: Cluster }) {
  const { own } = useSession();
  const [drained, setDrained] = useState<ClusterNode>();
  const [change, setChange] = useState<Change>();
  const undrain = ({ id, url }: ClusterNode): Change => ({
    title: t.undrain.title(url),
    description: t.undrain.text,
    confirm: t.undrain.confirm,
    method: "POST",
    path: `${own}/clusters/${cluster.id}/nodes/${id}/undrain`,
  });
  return (
    <>
      <DrainProgress nodes={cluster.nodes} />
      <ListTable<ClusterNode>
        title={t.title}
        empty={t.empty}
        filter={t.filter}
        rows={cluster.nodes}
        idOf={({ id }) => id}
        nameOf={({ url }) => url}
        columns={[
          { id: "url", header: t.url, sortingField: "url", isRowHeader: true, cell: ({ url }) => url },
          {
            id: "state",
            header: t.state,
            sortingField: "state",
            cell: ({ state, detail }) => (
              <>
                <StatusIndicator type={stateTypes[state]}>{t.states[state]}</StatusIndicator>
                <Box color="text-body-secondary">{detail}</Box>
              </>
            ),
          },
          {
            id: "sessions",
            header: t.sessions,
            sortingField: "sessions",
            cell: ({ sessions }) => orNothing(sessions, formatNumber),
          },
          {
            id: "opened",
            header: t.newSessions,
            sortingField: "new_sessions",
            cell: (node) => orNothing(node.new_sessions, formatNumber),
          },
          {
            id: "bytes",
            header: t.bytes,
            sortingField: "bytes_out",
            cell: (node) =>
              `${orNothing(node.bytes_in, formatBytes)} / ${orNothing(node.bytes_out, formatBytes)}`,
          },
          { id: "drained", header: t.drained, cell: ({ drain }) => <Drained drain={drain} /> },
          {
            id: "actions",
            header: t.actions,
            minWidth: 110,
            cell: (node) => (
              <Button
                variant="inline-link"
                ariaLabel={t[node.drain ? "undrain" : "drain"].label(node.url)}
                onClick={() => (node.drain ? setChange(undrain(node)) : setDrained(node))}
              >
                {t[node.drain ? "undrain" : "drain"].confirm}
              </Button>
            ),
          },
        ]}
      />
      {drained ? (
        <DrainDialog cluster={cluster} node={drained} onClose={() => setDrained(undefined)} />
      ) : null}
      {change ? <ChangeDialog change={change} onClose={() => setChange(undefined)} /> : null}
    </>
  );
}

/** What gateways do not count is told by a dash. */
function orNothing(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "–" : format(value);
}

function Drained({ drain }: { readonly drain: ClusterNode["drain"] }) {
  if (!drain) return "–";
  return (
    <>
      {formatTime(drain.since)}
      {drain.cut_at === undefined ? null : <div>{t.cutAt(formatTime(drain.cut_at))}</div>}
    </>
  );
}
