import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useParams } from "react-router";
import { useEndpoint } from "../../api/use-endpoints.ts";
import type { Endpoint } from "../../api/generated.ts";
import { LastHour } from "../../parts/last-hour.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { texts } from "../../texts/en.ts";
import { DeleteEndpoint } from "./delete-endpoint.tsx";
import { EndpointFacts } from "./facts.tsx";
import { Refusals } from "./refusals.tsx";
import { Sessions } from "./sessions.tsx";
import { Verdict } from "./verdict.tsx";

const t = texts.endpoint;

/** One endpoint, as its consumer sees it. */
export function EndpointPage() {
  const { id = "" } = useParams();
  const query = useEndpoint(id);
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <Loaded query={query} title={id}>
        {(endpoint) => <EndpointView endpoint={endpoint} onDelete={() => setDeleting(true)} />}
      </Loaded>
      {query.data && isDeleting ? (
        <DeleteEndpoint endpoint={query.data} onClose={() => setDeleting(false)} />
      ) : null}
    </>
  );
}

interface EndpointViewProps {
  readonly endpoint: Endpoint;
  readonly onDelete: () => void;
}

function EndpointView({ endpoint, onDelete }: EndpointViewProps) {
  const { id, description } = endpoint;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={description}
          actions={<Button onClick={onDelete}>{t.delete}</Button>}
        >
          {id}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <div aria-live="polite">
          <State endpoint={endpoint} />
        </div>
        <EndpointFacts endpoint={endpoint} />
        <LastHour of="endpoints" id={id} />
        <Verdict id={id} />
        <Sessions id={id} />
        <Refusals id={id} />
      </SpaceBetween>
    </ContentLayout>
  );
}

const alertTypes = {
  creating: "info",
  pendingAcceptance: "info",
  accepted: "success",
  rejected: "warning",
  failed: "error",
} as const;

/** What it is doing, and what that means for whoever wants to use it. */
function State({ endpoint: { status, error, note } }: { readonly endpoint: Endpoint }) {
  return (
    <Alert type={alertTypes[status]} header={texts.endpoints.statuses[status]}>
      {note ?? t.watching[status]}
      {error ? <div>{error.message}</div> : null}
    </Alert>
  );
}
