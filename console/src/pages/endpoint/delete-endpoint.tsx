import Alert from "@cloudscape-design/components/alert";
import Spinner from "@cloudscape-design/components/spinner";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { useDeletionPlan } from "../../api/use-endpoints.ts";
import type { Endpoint } from "../../api/generated.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

interface DeleteEndpointProps {
  readonly endpoint: Endpoint;
  readonly onDismiss: () => void;
}

/** Asks before an endpoint is deleted, with what that would cut. */
export function DeleteEndpoint({ endpoint, onDismiss }: DeleteEndpointProps) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const plan = useDeletionPlan(endpoint.id);
  return (
    <Confirm
      title={t.deleteTitle(endpoint.id)}
      action={t.delete}
      onDismiss={onDismiss}
      onConfirm={async () => {
        await api.request("DELETE", `${own}/endpoints/${endpoint.id}`);
        await navigate("/endpoints");
        queries.removeQueries({ queryKey: ["endpoints", endpoint.id] });
        await queries.invalidateQueries({ queryKey: ["endpoints"] });
        await queries.invalidateQueries({ queryKey: ["networks"] });
      }}
    >
      <p>{t.deleteWarns(endpoint.ip, endpoint.service_name)}</p>
      <div aria-live="polite">
        {plan.isPending ? (
          <>
            <Spinner /> {t.deleteAsks}
          </>
        ) : null}
        {plan.error ? <Alert type="error">{plan.error.message}</Alert> : null}
        {plan.data ? (
          <Alert type={plan.data.sessions_cut > 0 ? "warning" : "info"}>
            {t.deleteCuts(plan.data.sessions_cut)}
          </Alert>
        ) : null}
      </div>
    </Confirm>
  );
}
