import type { Kysely } from "kysely";
import type { Condition } from "../domain/conditions.ts";
import type { ConditionRepository } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

export class SqlConditionRepository implements ConditionRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async all(): Promise<readonly Condition[]> {
    return this.#db.selectFrom("condition").selectAll().execute();
  }

  async set(condition: Condition): Promise<void> {
    await this.#db
      .insertInto("condition")
      .values(condition)
      .onConflict((conflict) => conflict.column("key").doUpdateSet(condition))
      .execute();
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#db.deleteFrom("condition").where("key", "=", key).execute();
  }
}
