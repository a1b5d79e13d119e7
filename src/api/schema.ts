import type { TUnsafe } from "typebox";
import { Type } from "./type-builder.ts";

/** One of some words. */
export function stringEnum<const Words extends readonly string[]>(words: Words): TUnsafe<Words[number]> {
  return Type.Unsafe<Words[number]>({ type: "string", enum: [...words] });
}

/** Older SDKs send booleans as text (contract section 1.6). */
export const flag = Type.Union([Type.Boolean(), stringEnum(["true", "false"])]);

/** Reads the first spelling of a flag that is there; false without one. */
export function readFlag(...spellings: readonly (boolean | "true" | "false" | undefined)[]): boolean {
  const value = spellings.find((spelling) => spelling !== undefined);
  return value === true || value === "true";
}

/** Ids in paths: anything goes in, and what is no id of ours is simply not found. */
const pathId = Type.String({ minLength: 1, maxLength: 100 });

export const projectParams = Type.Object({ project_id: pathId });
export const clusterParams = Type.Object({ project_id: pathId, cluster_id: pathId });
export const resourceParams = Type.Object({ project_id: pathId, id: pathId });
export const clusterSessionParams = Type.Object({
  project_id: pathId,
  cluster_id: pathId,
  session_id: pathId,
});
export const sessionParams = Type.Object({ project_id: pathId, id: pathId, session_id: pathId });
export const nodeParams = Type.Object({ project_id: pathId, id: pathId, node_id: pathId });
export const clusterConnectionParams = Type.Object({ project_id: pathId, cluster_id: pathId, id: pathId });

/** Checked by hand, for there is a code for each mistake. */
export const tagList = Type.Array(
  Type.Object({
    key: Type.String({ maxLength: 1000 }),
    value: Type.Optional(Type.String({ maxLength: 1000 })),
  }),
  { maxItems: 100 },
);

/** Paging of our own lists. */
export const pageQuery = Type.Object({
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

export function readPage(query: { offset?: number; limit?: number }): { offset: number; limit: number } {
  return { offset: query.offset ?? 0, limit: query.limit ?? 100 };
}
