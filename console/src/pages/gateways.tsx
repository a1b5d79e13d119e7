import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import type { Gateway } from "../api/generated.ts";
import { useStatus, type AnsweredStatus } from "../api/use-status.ts";
import { useVpcs } from "../api/use-vpcs.ts";
import { Age } from "../parts/age.tsx";
import { attachmentText } from "../parts/attachment-fields.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { texts } from "../texts/en.ts";

const t = texts.gateways;
const mostNetworks = 100;
/** A connected gateway reports every second: while the status is asked for, the last report is just over. */
const freshMs = 15_000;

/** The server, its gateways and how far they are, and what carries each network. */
export function GatewaysPage() {
  const query = useStatus();
  const vpcs = useVpcs().data ?? [];
  return (
    <ContentLayout header={<Header variant="h1">{t.title}</Header>}>
      <Loaded query={query}>
        {(status) => (
          <SpaceBetween size="l">
            <Server status={status} />
            <ListTable<Gateway>
              title={t.title}
              empty={t.emptyTitle}
              emptyHint={t.empty}
              rows={status.gateways}
              idOf={({ id }) => id}
              nameOf={({ name }) => name}
              columns={columnsOf(status)}
            />
            {vpcs.length === 0 ? null : (
              <Container header={<Header variant="h2">{t.networks}</Header>}>
                <KeyValuePairs
                  columns={3}
                  items={vpcs.slice(0, mostNetworks).map(({ name, attachment }) => ({
                    label: name,
                    value: `${texts.networks.engines[attachment.kind]}: ${attachmentText(attachment)}`,
                  }))}
                />
              </Container>
            )}
          </SpaceBetween>
        )}
      </Loaded>
    </ContentLayout>
  );
}

function Server({ status }: { readonly status: AnsweredStatus }) {
  return (
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
  );
}

function columnsOf(status: AnsweredStatus): readonly TableProps.ColumnDefinition<Gateway>[] {
  return [
    { id: "name", header: t.name, sortingField: "name", cell: ({ name }) => name, isRowHeader: true },
    {
      id: "state",
      header: t.state,
      sortingField: "connected",
      cell: ({ connected }) => (
        <StatusIndicator type={connected ? "success" : "error"}>
          {connected ? t.connected : t.silent}
        </StatusIndicator>
      ),
    },
    {
      id: "engines",
      header: t.engines,
      cell: ({ engines }) => engines?.map((kind) => t.engineNames[kind]).join(", ") ?? "–",
    },
    {
      id: "applied",
      header: t.applied,
      sortingField: "applied_revision",
      cell: ({ applied_revision: applied }) => (
        <AppliedRevision applied={applied} current={status.revision} />
      ),
    },
    {
      id: "seen",
      header: t.lastReport,
      sortingField: "last_seen_at",
      cell: (gateway) => <LastReport gateway={gateway} status={status} />,
    },
    { id: "pid", header: t.pid, cell: ({ pid }) => pid ?? "–" },
  ];
}

interface AppliedRevisionProps {
  readonly applied: number | null;
  readonly current: number;
}

function AppliedRevision({ applied, current }: AppliedRevisionProps) {
  if (applied === null) return <StatusIndicator type="warning">{t.nothingApplied}</StatusIndicator>;
  if (applied >= current) return <StatusIndicator>{t.current(applied)}</StatusIndicator>;
  return <StatusIndicator type="in-progress">{t.behind(applied, current - applied)}</StatusIndicator>;
}

interface LastReportProps {
  readonly gateway: Gateway;
  readonly status: AnsweredStatus;
}

function LastReport({ gateway: { connected, last_seen_at: seen }, status }: LastReportProps) {
  if (seen === null) return t.never;
  const ageMs = Math.max(0, status.answeredAt - Date.parse(seen));
  return <Age ageMs={ageMs} toldAt={status.heardAt} freshMs={connected ? freshMs : 0} />;
}
