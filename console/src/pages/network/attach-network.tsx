import { useState } from "react";
import type { Vpc } from "../../api/generated.ts";
import { AttachmentFields } from "../../parts/attachment-fields.tsx";
import { ChangeDialog } from "../../parts/change-dialog.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.networks;
/** Addresses that are not of loopback cannot be there. */
const choice = ["interface", "netns", "none"] as const;

interface AttachNetworkProps {
  readonly vpc: Vpc;
  readonly onClose: () => void;
}

/** Asks how gateways are to be attached to a network from now on, and shows what that would cut. */
export function AttachNetwork({ vpc, onClose }: AttachNetworkProps) {
  const { own } = useSession();
  const [attachment, setAttachment] = useState(vpc.attachment);
  const { kind, device = "", namespace = "" } = attachment;
  const isComplete = (kind !== "interface" || device !== "") && (kind !== "netns" || namespace !== "");
  const isChange = isComplete && JSON.stringify(attachment) !== JSON.stringify(vpc.attachment);
  return (
    <ChangeDialog
      change={{
        title: t.attachTitle(vpc.name),
        description: t.attachWarns,
        confirm: t.attach,
        method: "PUT",
        path: `${own}/vpcs/${vpc.id}`,
        body: { attachment },
      }}
      isIncomplete={!isChange}
      onClose={onClose}
    >
      <AttachmentFields wish={attachment} choice={choice} onChange={setAttachment} />
    </ChangeDialog>
  );
}
