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
  const document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Entry>>>> } =
    JSON.parse(text);
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, entry]) => ({
      id: entry.operationId,
      method: method.toUpperCase(),
      path,
      family: entry.tags[0] ?? "css",
      parameters: entry.parameters,
      body: schemaOf(entry.requestBody),
      success: schemaOf(entry.responses["2XX"]),
    })),
  );
}

function schemaOf(content: Content | undefined): JsonSchema | undefined {
  return content?.content?.["application/json"]?.schema;
}
