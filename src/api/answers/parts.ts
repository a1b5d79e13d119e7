import type { TObject, TSchema } from "typebox";
import { Type } from "../type-builder.ts";

/** What answers are made of. A part with a title is one of the document's components, and a type of the console. */
export const text = Type.String();
/** ISO 8601 in UTC. */
export const time = Type.String({ format: "date-time" });
export const count = Type.Integer({ minimum: 0 });
export const yesOrNo = Type.Boolean();

export function orNull<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** A page of a list of ours: items under their name, and how many there are on all pages. */
export function pageOf(name: string, item: TSchema): TObject {
  return Type.Object({ [name]: Type.Array(item), total_count: count });
}

/** An object whose keys are data. */
export function recordOf(schema: TSchema) {
  return Type.Object({}, { additionalProperties: schema });
}

/** Where the answer says no more than that it was done. */
export const nothing = Type.Object({});
