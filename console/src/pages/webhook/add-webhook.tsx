import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import { useState } from "react";
import type { NewWebhook } from "../../api/generated.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Copyable } from "../../parts/copyable.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.webhooks;
const options = Object.entries(texts.activity.kinds).map(([value, description]) => ({
  value,
  label: value,
  description,
}));

/** Asks for a webhook, and shows its secret, once. */
export function AddWebhook({ onClose }: { readonly onClose: () => void }) {
  const { api, own } = useSession();
  const [fields, setFields] = useState({ url: "", description: "" });
  const [kinds, setKinds] = useState<readonly string[]>([]);
  const [added, setAdded] = useState<NewWebhook>();
  if (added) return <Secret webhook={added} onClose={onClose} />;
  const field = (name: keyof typeof fields, label: string, hint?: string) => (
    <TextField
      label={label}
      hint={hint}
      value={fields[name]}
      onChange={(value) => setFields((before) => ({ ...before, [name]: value }))}
    />
  );
  return (
    <Confirm
      title={t.add}
      action={t.submit}
      onDismiss={onClose}
      onConfirm={async () => {
        const body = { ...fields, url: fields.url.trim(), kinds };
        return (await api.request<NewWebhook>("POST", `${own}/webhooks`, { body })).body;
      }}
      onDone={setAdded}
    >
      {field("url", t.url, t.urlHint)}
      <FormField label={t.kinds} description={t.kindsHint}>
        <Multiselect
          options={options}
          selectedOptions={options.filter(({ value }) => kinds.includes(value))}
          onChange={({ detail }) => setKinds(detail.selectedOptions.flatMap(({ value }) => value ?? []))}
          placeholder={t.allKinds}
          filteringType="auto"
          filteringAriaLabel={t.findKinds}
          deselectAriaLabel={({ label = "" }) => t.removeKind(label)}
        />
      </FormField>
      {field("description", t.description)}
    </Confirm>
  );
}

interface SecretProps {
  readonly webhook: NewWebhook;
  readonly onClose: () => void;
}

function Secret({ webhook, onClose }: SecretProps) {
  return (
    <Dialog title={t.added} onClose={onClose}>
      <Alert type="warning">{t.secretOnce}</Alert>
      <FormField label={t.secret}>
        <Copyable text={webhook.secret} what={t.secret} />
      </FormField>
    </Dialog>
  );
}
