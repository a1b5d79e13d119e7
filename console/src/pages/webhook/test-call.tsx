import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { useMutation } from "@tanstack/react-query";
import type { WebhookTest } from "../../api/generated.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.webhooks;

/** Sends a message to a webhook now, and says what became of it. */
export function TestCall({ id }: { readonly id: string }) {
  const { api, own } = useSession();
  const call = useMutation({
    mutationFn: async () => (await api.request<WebhookTest>("POST", `${own}/webhooks/${id}/test`)).body,
  });
  return (
    <>
      <Button loading={call.isPending} onClick={() => call.mutate()}>
        {t.test}
      </Button>
      {call.data || call.error ? (
        <Dialog title={t.test} onClose={() => call.reset()}>
          {call.error ? <Failure title={t.notDelivered} error={call.error} /> : null}
          {call.data ? <Outcome outcome={call.data} /> : null}
        </Dialog>
      ) : null}
    </>
  );
}

function Outcome({
  outcome: { delivered, status = 0, problem, duration_ms: ms },
}: {
  readonly outcome: WebhookTest;
}) {
  if (delivered) return <Alert type="success">{t.delivered(status, ms)}</Alert>;
  return (
    <Alert type="error" header={t.notDelivered}>
      {problem}
    </Alert>
  );
}
