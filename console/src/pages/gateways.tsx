import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useStatus, useVpcs } from "../api/use-vpcs.ts";
import type { Gateway, Status } from "../api/generated.ts";
import { attachmentText } from "../parts/attachment-fields.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failure } from "../parts/failure.tsx";
import { formatTime } from "../parts/format.ts";
import { Loading } from "../parts/loading.tsx";
import { texts } from "../texts/en.ts";

const t = texts.gateways;

function AppliedRevision({
  applied,
  current,
}: {
  readonly applied: number | null;
  readonly current: number;
}) {
  if (applied === null) return <StatusIndicator type="warning">{t.nothingApplied}</StatusIndicator>;
  if (applied >= current) return <StatusIndicator>{t.current(applied)}</StatusIndicator>;
  return <StatusIndicator type="in-progress">{t.behind(applied, current - applied)}</StatusIndicator>;
}

function columnsOf({ revision }: Status): readonly TableProps.ColumnDefinition<Gateway>[] {
  return [
    { id: "name", header: t.name, cell: ({ name }) => name, isRowHeader: true },
    {
      id: "state",
      header: t.state,
      cell: ({ connected }) => (
        <StatusIndicator type={connected ? "success" : "error"}>
          {connected ? t.connected : t.silent}
        </StatusIndicator>
      ),
    },
    {
      id: "applied",
      header: t.applied,
      cell: (gateway) => <AppliedRevision applied={gateway.applied_revision} current={revision} />,
    },
    {
      id: "seen",
      header: t.lastReport,
      cell: (gateway) => (gateway.last_seen_at === null ? t.never : formatTime(gateway.last_seen_at)),
    },
    { id: "pid", header: t.pid, cell: ({ pid }) => pid ?? "–" },
  ];
}

/** The server, its gateways and how far they are, and what carries each network. */
export function GatewaysPage() {
  const query = useStatus();
  const vpcs = useVpcs().data?.vpcs ?? [];
  if (query.isPending) return <Loading />;
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const status = query.data;
  return (
    <ContentLayout header={<Header variant="h1">{t.title}</Header>}>
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t.server}</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: t.version, value: status.version },
              { label: t.region, value: status.region },
              { label: t.zone, value: status.dns_zone },
              { label: t.revision, value: status.revision },
              { label: t.sessions, value: status.counts.sessions.toLocaleString("en") },
            ]}
          />
        </Container>
        <Table
          items={status.gateways}
          trackBy="id"
          columnDefinitions={columnsOf(status)}
          ariaLabels={{ tableLabel: t.title }}
          header={
            <Header variant="h2" counter={`(${status.gateways.length})`}>
              {t.title}
            </Header>
          }
          empty={<Empty title={t.emptyTitle}>{t.empty}</Empty>}
        />
        {vpcs.length === 0 ? null : (
          <Container header={<Header variant="h2">{t.networks}</Header>}>
            <KeyValuePairs
              columns={3}
              items={vpcs.slice(0, 100).map(({ name, attachment }) => ({
                label: name,
                value: `${texts.networks.engines[attachment.kind]}: ${attachmentText(attachment)}`,
              }))}
            />
          </Container>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
