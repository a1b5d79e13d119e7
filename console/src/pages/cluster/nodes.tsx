import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import type { Cluster, ClusterNode } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { formatTime } from "../../parts/format.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.nodes;

/** The cluster's nodes: how they are, and which of them take no new sessions. */
export function NodesTab({ cluster }: { readonly cluster: Cluster }) {
  const { own } = useSession();
  const [change, setChange] = useState<Change>();
  const changeOf = (node: ClusterNode): Change => {
    const action = node.drain ? "undrain" : "drain";
    return {
      title: t[action].title(node.url),
      description: t[action].text,
      confirm: t[action].confirm,
      method: "POST",
      path: `${own}/clusters/${cluster.id}/nodes/${node.id}/${action}`,
      body: {},
    };
  };
  return (
    <>
      <ListTable<ClusterNode>
        title={t.title}
        empty={t.empty}
        filter={t.filter}
        rows={cluster.nodes}
        idOf={({ id }) => id}
        nameOf={({ url }) => url}
        columns={[
          { id: "url", header: t.url, sortingField: "url", isRowHeader: true, cell: ({ url }) => url },
          { id: "state", header: t.state, sortingField: "state", cell: ({ state }) => state },
          {
            id: "health",
            header: t.health,
            sortingField: "healthy",
            cell: ({ healthy, detail }) => (
              <StatusIndicator type={healthy === null ? "pending" : healthy ? "success" : "error"}>
                {detail}
              </StatusIndicator>
            ),
          },
          {
            id: "sessions",
            header: t.sessions,
            sortingField: "sessions",
            cell: ({ sessions }) => sessions ?? "–",
          },
          {
            id: "drained",
            header: t.drained,
            cell: ({ drain }) => (drain ? formatTime(drain.since) : "–"),
          },
          {
            id: "actions",
            header: t.actions,
            cell: (node) => (
              <Button variant="inline-link" onClick={() => setChange(changeOf(node))}>
                {t[node.drain ? "undrain" : "drain"].confirm}
              </Button>
            ),
          },
        ]}
      />
      {change ? <ChangeDialog change={change} onClose={() => setChange(undefined)} /> : null}
    </>
  );
}
