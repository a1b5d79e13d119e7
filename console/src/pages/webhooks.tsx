import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { useState } from "react";
import { Link } from "react-router";
import type { Webhook } from "../api/generated.ts";
import { useWebhooks } from "../api/use-webhooks.ts";
import { formatTime } from "../parts/format.ts";
import { ListTable } from "../parts/list-table.tsx";
import { texts } from "../texts/en.ts";
import { AddWebhook } from "./webhook/add-webhook.tsx";

const t = texts.webhooks;

const columns: readonly TableProps.ColumnDefinition<Webhook>[] = [
  {
    id: "url",
    header: t.url,
    sortingField: "url",
    isRowHeader: true,
    cell: ({ id, url }) => <Link to={`/webhooks/${id}`}>{url}</Link>,
  },
  {
    id: "kinds",
    header: t.kinds,
    cell: ({ kinds }) => (kinds.length === 0 ? t.allKinds : t.chosenKinds(kinds.length)),
  },
  {
    id: "state",
    header: t.state,
    sortingField: "enabled",
    cell: ({ enabled }) => <WebhookState isEnabled={enabled} />,
  },
  { id: "description", header: t.about, sortingField: "description", cell: ({ description }) => description },
  { id: "created", header: t.created, sortingField: "created_at", cell: (row) => formatTime(row.created_at) },
];

/** Where the project's events are posted to. */
export function WebhooksPage() {
  const query = useWebhooks();
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <ListTable<Webhook>
        variant="full-page"
        title={t.title}
        empty={t.empty}
        emptyHint={t.emptyHint}
        filter={t.filter}
        rows={query.data}
        idOf={({ id }) => id}
        nameOf={({ url }) => url}
        error={query.error}
        onRetry={() => void query.refetch()}
        actions={
          <Button variant="primary" onClick={() => setAdding(true)}>
            {t.add}
          </Button>
        }
        columns={columns}
        wrapLines
      />
      {isAdding ? <AddWebhook onClose={() => setAdding(false)} /> : null}
    </>
  );
}

/** Whether it is told of anything. */
export function WebhookState({ isEnabled }: { readonly isEnabled: boolean }) {
  return (
    <StatusIndicator type={isEnabled ? "success" : "stopped"}>
      {isEnabled ? t.enabled : t.disabled}
    </StatusIndicator>
  );
}
