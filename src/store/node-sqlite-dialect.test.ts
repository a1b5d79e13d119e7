import { DatabaseSync } from "node:sqlite";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";

interface Numbers {
  number: { n: number };
}

function openNumbers(): Kysely<Numbers> {
  const database = new DatabaseSync(":memory:");
  database.exec("create table number (n integer primary key) strict");
  const db = new Kysely<Numbers>({ dialect: nodeSqliteDialect(database) });
  onTestFinished(() => db.destroy());
  return db;
}

test("the same statement with other parameters gives other rows, also nested in a stream", async () => {
  const db = openNumbers();
  await db
    .insertInto("number")
    .values([{ n: 1 }, { n: 2 }, { n: 3 }])
    .execute();
  const from = (n: number) => db.selectFrom("number").selectAll().where("n", ">=", n);
  expect(await from(3).execute()).toEqual([{ n: 3 }]);
  expect(await from(2).execute()).toEqual([{ n: 2 }, { n: 3 }]);
  const streamed: number[] = [];
  for await (const { n } of from(1).stream()) streamed.push(n);
  expect(streamed).toEqual([1, 2, 3]);
});

test("writes say how many rows they changed, and may return them", async () => {
  const db = openNumbers();
  const inserted = await db.insertInto("number").values({ n: 5 }).executeTakeFirst();
  expect(inserted.numInsertedOrUpdatedRows).toBe(1n);
  expect(await db.updateTable("number").set({ n: 6 }).returning("n").execute()).toEqual([{ n: 6 }]);
});

test("more different statements than are kept all work", async () => {
  const db = openNumbers();
  for (let n = 0; n < 600; n += 1) {
    const { rows } = await sql<{ n: number }>`select ${sql.lit(n)} as n`.execute(db);
    expect(rows).toEqual([{ n }]);
  }
});

test("names are camelCase in queries and rows, and snake_case in the database", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec("create table long_name (first_n integer, pool6_cursor text) strict");
  const db = new Kysely<{ longName: { firstN: number; pool6Cursor: string } }>({
    dialect: nodeSqliteDialect(database),
  });
  onTestFinished(() => db.destroy());
  await db.insertInto("longName").values({ firstN: 1, pool6Cursor: "a_b" }).execute();
  expect(database.prepare("select first_n, pool6_cursor from long_name").get()).toEqual({
    first_n: 1,
    pool6_cursor: "a_b",
  });
  const all = db.selectFrom("longName").selectAll();
  expect(await all.execute()).toEqual([{ firstN: 1, pool6Cursor: "a_b" }]);
  for await (const row of all.stream()) expect(row).toEqual({ firstN: 1, pool6Cursor: "a_b" });
});
