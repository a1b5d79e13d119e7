import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import type { Vpc } from "../api/generated.ts";
import { texts } from "../texts/en.ts";

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
        <FormField label={t.device} description={t.deviceHint}>
          <Input
            value={wish.device ?? ""}
            onChange={({ detail }) => onChange({ ...wish, device: detail.value })}
          />
        </FormField>
      ) : null}
      {wish.kind === "netns" ? (
        <FormField label={t.namespace} description={t.namespaceHint}>
          <Input
            value={wish.namespace ?? ""}
            onChange={({ detail }) => onChange({ ...wish, namespace: detail.value })}
          />
        </FormField>
      ) : null}
    </>
  );
}

/** An attachment in words. */
export function attachmentText({ kind, device, namespace }: AttachmentWish): string {
  const where = device ?? namespace;
  return where === undefined ? t.kinds[kind] : `${t.kinds[kind]} ${where}`;
}
