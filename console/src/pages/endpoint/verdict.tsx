import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useExplanation } from "../../api/use-endpoints.ts";
import type { ExplainedRule } from "../../api/generated.ts";
import { Copyable } from "../../parts/copyable.tsx";
import { Failure } from "../../parts/failure.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

const indicators = { passed: "success", refused: "error", unreachable: "error", unknown: "warning" } as const;

const columns: readonly TableProps.ColumnDefinition<ExplainedRule>[] = [
  {
    id: "rule",
    header: t.rule,
    cell: ({ name, outcome }) => <StatusIndicator type={indicators[outcome]}>{name}</StatusIndicator>,
    isRowHeader: true,
  },
  { id: "found", header: t.found, cell: (rule) => rule.looked_at },
  { id: "change", header: t.change, cell: (rule) => <Change rule={rule} /> },
];

function Change({ rule: { change } }: { readonly rule: ExplainedRule }) {
  if (change === undefined) return null;
  const who: Readonly<Record<string, string>> = t.changeBy;
  return (
    <>
      <div>{who[change.by] ?? change.by}</div>
      {change.command === undefined ? null : <Copyable text={change.command} what={t.change} />}
    </>
  );
}

/** What a gateway does with a new connection now, rule by rule, and what would change that. */
export function Verdict({ id }: { readonly id: string }) {
  const query = useExplanation(id);
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const rules = query.data?.rules ?? [];
  const decisive = query.data?.verdict === "admitted" ? undefined : rules.at(-1);
  return (
    <SpaceBetween size="s">
      <Header variant="h2" description={query.data ? t.verdicts[query.data.verdict] : undefined}>
        {t.why}
      </Header>
      {decisive ? (
        <Alert type="warning" header={decisive.name}>
          {decisive.looked_at}
          <Box>
            <Change rule={decisive} />
          </Box>
        </Alert>
      ) : null}
      <Table
        items={rules}
        loading={query.isPending}
        loadingText={texts.loading}
        columnDefinitions={columns}
        ariaLabels={{ tableLabel: t.why }}
        wrapLines
        variant="container"
      />
    </SpaceBetween>
  );
}
