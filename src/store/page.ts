import { sql, type Expression, type RawBuilder, type SqlBool } from "kysely";
import type { Listing } from "../domain/store.ts";

/** Whether `text` contains `part`, which stands for itself: there are no wildcards. */
export function contains(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`instr(${text}, ${part}) > 0`;
}

/** As `contains`, in whatever case. */
export function containsInAnyCase(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`instr(lower(${text}), ${part.toLowerCase()}) > 0`;
}

/** Runs the two queries of a list: its slice, and how many rows there are of all. */
export async function listing<Row, Item>(
  slice: { execute(): Promise<Row[]> },
  count: { executeTakeFirstOrThrow(): Promise<{ readonly total: number }> },
  toItem: (row: Row) => Item,
): Promise<Listing<Item>> {
  const rows = await slice.execute();
  const { total } = await count.executeTakeFirstOrThrow();
  return { items: rows.map(toItem), total };
}
