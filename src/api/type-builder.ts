import type { Type as TypeBox } from "typebox";

type Json = Readonly<Record<string, unknown>>;
type Word = "boolean" | "integer" | "null" | "number" | "string";
type Builders = Pick<
  typeof TypeBox,
  | "Array"
  | "Boolean"
  | "Integer"
  | "Literal"
  | "Null"
  | "Number"
  | "Object"
  | "Optional"
  | "String"
  | "Union"
  | "Unknown"
  | "Unsafe"
>;

/** On a schema that an object may lack; not among its own keywords, and known to TypeBox too. */
const optional = "~optional";

const plain =
  (type: Word) =>
  (options: Json = {}): Json => ({ type, ...options });

const builders = {
  Array: (items: Json, options: Json = {}) => ({ type: "array", items, ...options }),
  Boolean: plain("boolean"),
  Integer: plain("integer"),
  Literal: (value: unknown, options: Json = {}) => ({ type: typeof value, const: value, ...options }),
  Null: plain("null"),
  Number: plain("number"),
  Object: (properties: Readonly<Record<string, Json>>, options: Json = {}) => {
    const required = Object.keys(properties).filter(
      (name) => !Object.hasOwn(properties[name] ?? {}, optional),
    );
    return { type: "object", ...(required.length > 0 ? { required } : {}), properties, ...options };
  },
  Optional: (schema: Json) => Object.defineProperty({ ...schema }, optional, { value: true }),
  String: plain("string"),
  Union: (anyOf: readonly Json[], options: Json = {}) => ({ anyOf, ...options }),
  Unknown: (options: Json = {}) => ({ ...options }),
  Unsafe: (schema: Json) => ({ ...schema }),
};

/**
 * Writes JSON Schemas whose values TypeScript knows the type of: TypeBox's builders as far as they are used here, by its
 * own types. To load TypeBox takes seven times as long as all schemas together, and a server would do it at each start.
 */
export const Type = builders as unknown as Builders;
