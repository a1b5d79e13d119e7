import Alert from "@cloudscape-design/components/alert";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Vpc } from "../../api/generated.ts";
import { AttachmentFields } from "../../parts/attachment-fields.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.networks;

interface AttachNetworkProps {
  readonly vpc: Vpc;
  readonly onDismiss: () => void;
}

/** Asks how gateways are to be attached to a network from now on. */
export function AttachNetwork({ vpc, onDismiss }: AttachNetworkProps) {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const [attachment, setAttachment] = useState(vpc.attachment);
  return (
    <Confirm
      title={t.attachTitle(vpc.name)}
      action={t.attach}
      onDismiss={onDismiss}
      onConfirm={async () => {
        await api.request("PUT", `${own}/vpcs/${vpc.id}`, { body: { attachment } });
        await queries.invalidateQueries({ queryKey: ["networks"] });
      }}
    >
      <Alert type="warning">{t.attachWarns}</Alert>
      <AttachmentFields wish={attachment} onChange={setAttachment} />
    </Confirm>
  );
}
