import { useState } from "react";
import type { Endpoint } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.connections.note;
const longest = 512;

interface NoteDialogProps {
  readonly connection: Endpoint;
  readonly onClose: (isDone: boolean) => void;
}

/** Changes what the owner has noted of a connection, for himself. */
export function NoteDialog({ connection, onClose }: NoteDialogProps) {
  const { info } = useSession();
  const [note, setNote] = useState(connection.owner_note ?? "");
  const isValid = note.length <= longest && !/[<>]/.test(note);
  const change: Change = {
    title: t.title(connection.id),
    confirm: t.confirm,
    method: "PUT",
    path: `/v1/${info.project_id}/vpc-endpoint-services/${connection.service_id}/connections/description`,
    body: { connections: [{ id: connection.id, description: note }] },
  };
  return (
    <ChangeDialog change={change} isIncomplete={!isValid} onClose={onClose}>
      <TextField
        label={t.label}
        hint={t.hint}
        errorText={isValid ? undefined : t.wrong(longest)}
        value={note}
        onChange={setNote}
      />
    </ChangeDialog>
  );
}
