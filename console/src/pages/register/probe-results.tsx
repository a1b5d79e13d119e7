import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import type { ProbedNode } from "../../api/generated.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { texts } from "../../texts/en.ts";
import { clustersOf, findingOf } from "./probe-words.ts";

interface ProbeResultsProps {
  readonly nodes: readonly ProbedNode[];
  readonly hasUser: boolean;
  /** The form is as it was when they were asked. */
  readonly isCurrent: boolean;
}

const t = texts.register;

/** What came of asking each node. */
export function ProbeResults({ nodes, hasUser, isCurrent }: ProbeResultsProps) {
  const clusters = clustersOf(nodes);
  const answered = nodes.filter((node) => node.answered).length;
  const columns: readonly TableProps.ColumnDefinition<ProbedNode>[] = [
    { id: "url", header: t.node, isRowHeader: true, cell: ({ url }) => url },
    { id: "found", header: t.answer, cell: (node) => <Found node={node} hasUser={hasUser} /> },
    { id: "cluster", header: t.cluster, cell: (node) => node.cluster_name ?? "–" },
  ];
  return (
    <SpaceBetween size="m">
      <output>
        <Alert type={answered === 0 ? "error" : answered < nodes.length ? "warning" : "success"}>
          {t.answered(answered, nodes.length)} {isCurrent ? t.notSaved : t.changed}
        </Alert>
      </output>
      {clusters.length > 1 ? (
        <Alert type="warning" header={t.mixed}>
          <ul>
            {clusters.map(({ name, urls }) => (
              <li key={urls.join()}>{t.mixedCluster(name, urls)}</li>
            ))}
          </ul>
        </Alert>
      ) : null}
      <ListTable<ProbedNode>
        title={t.results}
        empty={t.noResults}
        rows={nodes}
        idOf={({ url }) => url}
        nameOf={({ url }) => url}
        wrapLines
        columns={columns}
      />
    </SpaceBetween>
  );
}

function Found({ node, hasUser }: Pick<ProbeResultsProps, "hasUser"> & { readonly node: ProbedNode }) {
  const { type, text } = findingOf(node, hasUser);
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}
