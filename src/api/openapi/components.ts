export type JsonSchema = Readonly<Record<string, unknown>>;

/** The parts of an OpenAPI document that several operations share: schemas that have a title. */
export class Components {
  readonly schemas: Record<string, JsonSchema>;

  /** @param schemas those that are there from the beginning, by name */
  constructor(schemas: Readonly<Record<string, JsonSchema>>) {
    this.schemas = { ...schemas };
  }

  /** Returns the schema with references in place of what has a title, which becomes a component. */
  refer(schema: object): JsonSchema {
    return this.#refer(schema) as JsonSchema;
  }

  #refer(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#refer(item));
    if (typeof value !== "object" || value === null) return value;
    const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#refer(one)]));
    const { title } = inner;
    if (typeof title !== "string") return inner;
    this.schemas[title] = inner;
    return { $ref: `#/components/schemas/${title}` };
  }
}
