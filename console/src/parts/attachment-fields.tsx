import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import type { Vpc } from "../api/generated.ts";
import { texts } from "../texts/en.ts";
import { TextField } from "./text-field.tsx";

const t = texts.networks;

export type AttachmentWish = Vpc["attachment"];

const kinds = ["loopback", "interface", "netns", "none"] as const satisfies readonly AttachmentWish["kind"][];

interface AttachmentFieldsProps {
  readonly wish: AttachmentWish;
  /** To choose from; all of them where it is left out. */
  readonly choice?: readonly AttachmentWish["kind"][];
  readonly onChange: (wish: AttachmentWish) => void;
}

/** How gateways are attached to a network, as a choice. */
export function AttachmentFields({ wish, choice = kinds, onChange }: AttachmentFieldsProps) {
  const optionOf = (kind: AttachmentWish["kind"]) => ({ value: kind, label: t.kinds[kind] });
  return (
    <>
      <FormField label={t.attachment}>
        <Select
          selectedOption={optionOf(wish.kind)}
          options={choice.map(optionOf)}
          onChange={({ detail }) => {
            const kind = kinds.find((each) => each === detail.selectedOption.value);
            if (kind) onChange({ kind });
          }}
        />
      </FormField>
      {wish.kind === "interface" ? (
        <TextField
          label={t.device}
          hint={t.deviceHint}
          value={wish.device ?? ""}
          onChange={(value) => onChange({ ...wish, device: value })}
        />
      ) : null}
      {wish.kind === "netns" ? (
        <TextField
          label={t.namespace}
          hint={t.namespaceHint}
          value={wish.namespace ?? ""}
          onChange={(value) => onChange({ ...wish, namespace: value })}
        />
      ) : null}
    </>
  );
}

/** An attachment in words. */
export function attachmentText({ kind, device, namespace }: AttachmentWish): string {
  const where = device ?? namespace;
  return where === undefined ? t.kinds[kind] : `${t.kinds[kind]} ${where}`;
}
