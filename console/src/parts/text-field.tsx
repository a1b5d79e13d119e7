import FormField from "@cloudscape-design/components/form-field";
import type { FormFieldProps } from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import type { InputProps } from "@cloudscape-design/components/input";

type TextFieldProps = Pick<FormFieldProps, "errorText" | "warningText" | "secondaryControl"> &
  Pick<
    InputProps,
    "value" | "type" | "inputMode" | "placeholder" | "autoComplete" | "ariaRequired" | "name"
  > & {
    readonly label: string;
    readonly hint?: string | undefined;
    readonly onChange: (value: string) => void;
  };

/** One line that is asked for, with its name and what is wrong with it. */
export function TextField({
  label,
  hint,
  errorText,
  warningText,
  secondaryControl,
  ...input
}: TextFieldProps) {
  return (
    <FormField label={label} description={hint} {...{ errorText, warningText, secondaryControl }}>
      <Input {...input} onChange={({ detail }) => input.onChange(detail.value)} />
    </FormField>
  );
}
