import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { Webhook } from "../../api/generated.ts";
import { useWebhook } from "../../api/use-webhooks.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Failure } from "../../parts/failure.tsx";
import { formatTime } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { WebhookState } from "../webhooks.tsx";
import { Deliveries } from "./deliveries.tsx";
import { TestCall } from "./test-call.tsx";

const t = texts.webhooks;

/** One webhook: whether it can be reached, and what has not arrived. */
export function WebhookPage() {
  const { id = "" } = useParams();
  const { api, own } = useSession();
  const navigate = useNavigate();
  const query = useWebhook(id);
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <Loaded query={query} title={id}>
        {(webhook) => <WebhookView webhook={webhook} onDelete={() => setDeleting(true)} />}
      </Loaded>
      {query.data && isDeleting ? (
        <Confirm
          title={t.deleteTitle}
          action={t.delete}
          isRemoval
          onDismiss={() => setDeleting(false)}
          onConfirm={() => api.request("DELETE", `${own}/webhooks/${id}`)}
          onDone={() => void navigate("/webhooks")}
        >
          {t.deleteWarns(query.data.url)}
        </Confirm>
      ) : null}
    </>
  );
}

interface WebhookViewProps {
  readonly webhook: Webhook;
  readonly onDelete: () => void;
}

function WebhookView({ webhook, onDelete }: WebhookViewProps) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const { id, enabled: isEnabled } = webhook;
  const change = useMutation({
    mutationFn: () => api.request("PUT", `${own}/webhooks/${id}`, { body: { enabled: !isEnabled } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={webhook.description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <TestCall id={id} />
              <Button loading={change.isPending} onClick={() => change.mutate()}>
                {isEnabled ? t.turnOff : t.turnOn}
              </Button>
              <Button onClick={onDelete}>{t.delete}</Button>
            </SpaceBetween>
          }
        >
          {webhook.url}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {change.error ? <Failure title={texts.change.failed} error={change.error} /> : null}
        <Container>
          <KeyValuePairs
            columns={3}
            items={[
              { label: t.state, value: <WebhookState isEnabled={isEnabled} /> },
              { label: t.kinds, value: webhook.kinds.length === 0 ? t.allKinds : webhook.kinds.join(", ") },
              { label: t.created, value: formatTime(webhook.created_at) },
            ]}
          />
        </Container>
        <Deliveries id={id} status="dead" title={t.dead} empty={t.noDead} />
        <Deliveries id={id} status="pending" title={t.pending} empty={t.noPending} />
      </SpaceBetween>
    </ContentLayout>
  );
}
