import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/schema";
import type { TLocalizedValidationError } from "typebox/error";
import { PosternError } from "../domain/errors.ts";

/** Where a value came from, as a message names it. */
export type RequestPart = "path parameter" | "query parameter" | "body";

/** Checks a value and returns it, typed. @throws PosternError naming the parameter and what it may be */
export type Check = (value: unknown) => unknown;

/** Builds the check of one part of a request, once, from the schema that also documents it. */
export function checker(schema: TSchema, part: RequestPart): Check {
  // Compiled at the first use: a server is ready before it has compiled what nobody asked for yet.
  let validator: Validator | undefined;
  const numeric = part === "query parameter" ? numericProperties(schema) : [];
  return (value) => {
    const input = numeric.length > 0 ? withNumbers(value, numeric) : value;
    validator ??= Compile(schema);
    if (validator.Check(input)) return input;
    const [, [first]] = validator.Errors(input);
    throw first
      ? refusal(first, schema, part)
      : new PosternError("bad_parameter", `The ${part} is not valid.`);
  };
}

function numericProperties(schema: TSchema): readonly string[] {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {};
  return Object.keys(properties).filter((name) => properties[name]?.type === "integer");
}

/** A query carries text only; plain decimal digits become the number that the schema wants. */
function withNumbers(value: unknown, names: readonly string[]): unknown {
  const query = { ...(value as Record<string, unknown>) };
  for (const name of names) {
    const text = query[name];
    if (typeof text === "string" && /^-?\d{1,15}$/.test(text)) query[name] = Number(text);
  }
  return query;
}

function refusal(error: TLocalizedValidationError, schema: TSchema, part: RequestPart): PosternError {
  const name = error.instancePath.slice(1).replaceAll("/", ".");
  const [parameter] = name.split(".");
  if (error.keyword === "required") {
    const missing = error.params.requiredProperties.join(", ");
    return new PosternError(
      "missing_parameter",
      `The ${part} lacks ${missing}${name === "" ? "" : ` in ${name}`}.`,
      name === "" ? error.params.requiredProperties[0] : parameter,
    );
  }
  if (error.keyword === "minProperties") {
    const names = Object.keys(schemaAt(schema, error.instancePath).properties ?? {}).join(", ");
    return new PosternError("missing_parameter", `The ${part} is empty. Give at least one of ${names}.`);
  }
  const subject = name === "" ? `The ${part}` : `The ${part} ${name}`;
  const expected = describe(schemaAt(schema, error.instancePath));
  return new PosternError(
    isRange(error.keyword, part) ? "out_of_range" : "bad_parameter",
    `${subject} must be ${expected}.`,
    parameter,
  );
}

const rangeKeywords = ["minimum", "maximum", "enum", "minItems", "maxItems", "minLength", "maxLength"];

/** A query parameter of the wrong form is out of its range too: the contract has one code for both (CSS.5038). */
function isRange(keyword: string, part: RequestPart): boolean {
  return part === "query parameter" || rangeKeywords.includes(keyword);
}

/** The part of JSON Schema that our schemas use. */
interface PlainSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly PlainSchema[];
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly items?: PlainSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

function schemaAt(schema: TSchema, instancePath: string): PlainSchema {
  let current = schema as PlainSchema;
  for (const step of instancePath.split("/").slice(1)) {
    current = current.properties?.[step] ?? current.items ?? {};
  }
  return current;
}

function describe(schema: PlainSchema): string {
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.anyOf) return schema.anyOf.map(describe).join(" or ");
  switch (schema.type ?? "object") {
    case "integer":
      return `an integer from ${schema.minimum ?? "any"} to ${schema.maximum ?? "any"}`;
    case "string":
      return `text of ${schema.minLength ?? 0} to ${schema.maxLength ?? "any number of"} characters${
        schema.pattern === undefined ? "" : ` matching ${schema.pattern}`
      }`;
    case "null":
      return "null";
    case "boolean":
      return "true or false";
    case "array":
      return `a list of up to ${schema.maxItems ?? "any number of"} items, each ${describe(schema.items ?? {})}`;
    default:
      return "a JSON object";
  }
}
