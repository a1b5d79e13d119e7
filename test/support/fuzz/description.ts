/** The part of JSON Schema that the description of the API uses. */
export type JsonSchema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
};

export type Parameter = {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: JsonSchema;
};

type Content = { readonly content?: { readonly "application/json"?: { readonly schema: JsonSchema } } };

/** One operation as the description of the API has it. */
export type DescribedOperation = {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for each path parameter. */
  readonly path: string;
  /** `css`, `vpcep`, `iam` or `postern`: how its refusals are rendered; `postern` does it as `css`. */
  readonly family: string;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  /** What a success is said to look like, where the description says it. */
  readonly success: JsonSchema | undefined;
  /** A success is no JSON: a file, or a stream. */
  readonly isOther: boolean;
};

type Entry = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
};

/** Every operation in the text of an OpenAPI document. */
export function describedOperations(text: string): readonly DescribedOperation[] {
  const whole = JSON.parse(text);
  const document = withoutReferences(whole, whole.components.schemas) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Entry>>>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, entry]) => ({
      id: entry.operationId,
      method: method.toUpperCase(),
      path,
      family: entry.tags[0] ?? "css",
      parameters: entry.parameters,
      body: schemaOf(entry.requestBody),
      success: schemaOf(entry.responses["2XX"]),
      isOther: Object.keys(entry.responses["2XX"]?.content ?? {}).some((type) => type !== "application/json"),
    })),
  );
}

const reference = "#/components/schemas/";

/** Puts what is described once, and referred to, in each place: those who check values know one schema alone. */
function withoutReferences(value: unknown, schemas: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutReferences(one, schemas));
  if (typeof value !== "object" || value === null) return value;
  const named = (value as { readonly $ref?: unknown }).$ref;
  if (typeof named === "string" && named.startsWith(reference)) {
    return withoutReferences(schemas[named.slice(reference.length)], schemas);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withoutReferences(one, schemas)]),
  );
}

function schemaOf(content: Content | undefined): JsonSchema | undefined {
  return content?.content?.["application/json"]?.schema;
}
