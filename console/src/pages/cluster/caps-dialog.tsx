import { useState } from "react";
import type { Endpoint, UpdateConnectionCapBody } from "../../api/generated.ts";
import { ChangeDialog, type Change } from "../../parts/change-dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.cluster.connections.caps;
const names = ["max_session", "max_connection_rate", "max_bandwidth"] as const;
type Cap = (typeof names)[number];

interface CapsDialogProps {
  readonly connection: Endpoint;
  readonly onClose: (isDone: boolean) => void;
}

/** Changes how much one connection may carry. */
export function CapsDialog({ connection, onClose }: CapsDialogProps) {
  const { own } = useSession();
  const [typed, setTyped] = useState<Readonly<Record<Cap, string>>>({
    max_session: String(connection.max_session),
    max_connection_rate: String(connection.max_connection_rate ?? ""),
    max_bandwidth: String(connection.max_bandwidth ?? ""),
  });
  const isValid = /^[1-9]\d*$/.test(typed.max_session) && names.every((name) => /^\d*$/.test(typed[name]));
  const change: Change = {
    title: t.title(connection.id),
    description: t.text(connection.sessions),
    confirm: t.confirm,
    method: "PUT",
    path: `${own}/clusters/${connection.cluster_id}/connections/${connection.id}`,
    body: bodyOf(connection, typed),
  };
  return (
    <ChangeDialog change={change} isIncomplete={!isValid} onClose={onClose}>
      {names.map((name) => (
        <TextField
          key={name}
          label={t.names[name]}
          hint={t.hints[name]}
          inputMode="numeric"
          value={typed[name]}
          onChange={(value) => setTyped({ ...typed, [name]: value.trim() })}
        />
      ))}
    </ChangeDialog>
  );
}

/** A rate that never was, and is not wanted, is not spoken of: where nothing keeps to rates it would be refused. */
function bodyOf(before: Endpoint, typed: Readonly<Record<Cap, string>>): UpdateConnectionCapBody {
  const rate = (name: "max_connection_rate" | "max_bandwidth"): Partial<UpdateConnectionCapBody> => {
    if (typed[name] !== "") return { [name]: Number(typed[name]) };
    return before[name] === undefined ? {} : { [name]: null };
  };
  const maxSession = Number(typed.max_session);
  return { max_session: maxSession, ...rate("max_connection_rate"), ...rate("max_bandwidth") };
}
