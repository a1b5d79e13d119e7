import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { TextField } from "../../parts/text-field.tsx";
import { texts } from "../../texts/en.ts";

const t = texts.register;

/** As it is typed. */
export interface Fields {
  readonly name: string;
  /** One a line. */
  readonly nodes: string;
  /** Of the endpoints; "" for the usual one. */
  readonly port: string;
  readonly username: string;
  readonly password: string;
  readonly ca: string;
}

export const nothing: Fields = { name: "", nodes: "", port: "", username: "", password: "", ca: "" };

interface ClusterFieldsProps {
  readonly fields: Fields;
  readonly onChange: (more: Partial<Fields>) => void;
}

/** Where the nodes are, and what it takes to ask them. */
export function ClusterFields({ fields, onChange }: ClusterFieldsProps) {
  return (
    <SpaceBetween size="m">
      <TextField
        label={t.name}
        hint={t.nameHint}
        value={fields.name}
        onChange={(value) => onChange({ name: value })}
      />
      <FormField label={t.nodes} description={t.nodesHint}>
        <Textarea
          value={fields.nodes}
          placeholder={"https://10.0.0.5:9200\nhttps://10.0.0.6:9200"}
          onChange={({ detail }) => onChange({ nodes: detail.value })}
        />
      </FormField>
      <TextField
        label={t.port}
        hint={t.portHint}
        type="number"
        inputMode="numeric"
        value={fields.port}
        placeholder="9200"
        onChange={(value) => onChange({ port: value })}
      />
      <TextField
        label={t.username}
        value={fields.username}
        autoComplete="off"
        onChange={(value) => onChange({ username: value })}
      />
      <TextField
        label={t.password}
        hint={t.passwordHint}
        type="password"
        value={fields.password}
        autoComplete="new-password"
        onChange={(value) => onChange({ password: value })}
      />
      <FormField label={t.ca} description={t.caHint}>
        <Textarea value={fields.ca} onChange={({ detail }) => onChange({ ca: detail.value })} />
      </FormField>
    </SpaceBetween>
  );
}
