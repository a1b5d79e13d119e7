import type { Endpoint } from "../../api/generated.ts";
import { ChangeDialog } from "../../parts/change-dialog.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

interface DeleteEndpointProps {
  readonly endpoint: Endpoint;
  readonly onClose: () => void;
}

/** Asks before an endpoint is deleted, with what that would cut. */
export function DeleteEndpoint({ endpoint, onClose }: DeleteEndpointProps) {
  const { own } = useSession();
  return (
    <ChangeDialog
      change={{
        title: t.deleteTitle(endpoint.id),
        description: t.deleteWarns(endpoint.ip, endpoint.service_name),
        confirm: t.delete,
        method: "DELETE",
        path: `${own}/endpoints/${endpoint.id}`,
        farewell: { path: "/endpoints", done: t.deleted(endpoint.id) },
      }}
      onClose={onClose}
    />
  );
}
