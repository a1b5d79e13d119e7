import { useState } from "react";
import { AttachmentFields, type AttachmentWish } from "../../parts/attachment-fields.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.networks;

/** Asks for a network: its addresses and its attachment. */
export function CreateNetwork({ onDismiss }: { readonly onDismiss: () => void }) {
  const { api, own } = useSession();
  const [fields, setFields] = useState({ name: "", cidr: "", cidr6: "" });
  const [attachment, setAttachment] = useState<AttachmentWish>({ kind: "loopback" });
  const field = (name: keyof typeof fields, label: string, description?: string) => (
    <TextField
      label={label}
      hint={description}
      value={fields[name]}
      onChange={(value) => setFields((before) => ({ ...before, [name]: value }))}
    />
  );
  return (
    <Confirm
      title={t.create}
      action={t.submit}
      onDismiss={onDismiss}
      onConfirm={() => {
        const { name, cidr, cidr6 } = fields;
        const body = { name, attachment, ...(cidr ? { cidr } : {}), ...(cidr6 ? { cidr6 } : {}) };
        return api.request("POST", `${own}/vpcs`, { body });
      }}
    >
      {field("name", t.createName)}
      {field("cidr", t.createCidr, t.createCidrHint)}
      {field("cidr6", t.createCidr6)}
      <AttachmentFields wish={attachment} onChange={setAttachment} />
    </Confirm>
  );
}
