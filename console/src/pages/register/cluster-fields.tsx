import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
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
      <FormField label={t.name} description={t.nameHint}>
        <Input value={fields.name} onChange={({ detail }) => onChange({ name: detail.value })} />
      </FormField>
      <FormField label={t.nodes} description={t.nodesHint}>
        <Textarea
          value={fields.nodes}
          placeholder={"https://10.0.0.5:9200\nhttps://10.0.0.6:9200"}
          onChange={({ detail }) => onChange({ nodes: detail.value })}
        />
      </FormField>
      <FormField label={t.port} description={t.portHint}>
        <Input
          type="number"
          inputMode="numeric"
          value={fields.port}
          placeholder="9200"
          onChange={({ detail }) => onChange({ port: detail.value })}
        />
      </FormField>
      <FormField label={t.username}>
        <Input
          value={fields.username}
          autoComplete="off"
          onChange={({ detail }) => onChange({ username: detail.value })}
        />
      </FormField>
      <FormField label={t.password} description={t.passwordHint}>
        <Input
          type="password"
          value={fields.password}
          autoComplete="new-password"
          onChange={({ detail }) => onChange({ password: detail.value })}
        />
      </FormField>
      <FormField label={t.ca} description={t.caHint}>
        <Textarea value={fields.ca} onChange={({ detail }) => onChange({ ca: detail.value })} />
      </FormField>
    </SpaceBetween>
  );
}
