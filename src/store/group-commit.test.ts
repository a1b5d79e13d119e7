import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { openDatabase } from "./database.ts";
import { GroupCommit, type CommitListener } from "./group-commit.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import type { Schema } from "./schema.ts";

const broken = new Error("broken on purpose");

interface Bench {
  readonly commits: GroupCommit;
  readonly db: Kysely<Schema>;
  readonly database: DatabaseSync;
  /** The accounts that another connection sees: what is there is committed. */
  readonly committed: () => readonly unknown[];
}

function open(onCommit?: CommitListener): Bench {
  const file = join(testDirectory(), "postern.db");
  const database = openDatabase(file);
  const db = new Kysely<Schema>({
    dialect: nodeSqliteDialect(database),
  });
  const reader = new DatabaseSync(file, { readOnly: true });
  onTestFinished(async () => {
    reader.close();
    await db.destroy();
  });
  const committed = (): readonly unknown[] =>
    reader
      .prepare("select name from account order by name")
      .all()
      .map((row) => row["name"]);
  return { commits: new GroupCommit(db, undefined, onCommit), db, database, committed };
}

function insert(name: string): (db: Kysely<Schema>) => Promise<string> {
  return async (db) => {
    await db.insertInto("account").values({ id: name, name, createdAt: 0 }).execute();
    return name;
  };
}

/** Adds an account; returns how many there were before. */
async function count(db: Kysely<Schema>): Promise<number> {
  const names = await db.selectFrom("account").select("name").execute();
  await insert(`n${names.length}`)(db);
  return names.length;
}

test("work that waits at the same time is committed together, and nobody hears of his before that", async () => {
  const { commits, committed } = open();
  const seen: (readonly unknown[])[] = [];
  const names = ["a", "b", "c"];
  const pieces = names.map(async (name) => {
    const result = await commits.run(insert(name));
    seen.push(committed());
    return result;
  });
  expect(await Promise.all(pieces)).toEqual(names);
  expect(seen).toEqual([names, names, names]);
});

test("every commit is told of with how many shared it and how long it took, and a failure is not", async () => {
  const told: (readonly [number, number])[] = [];
  const { commits, db } = open((durationMs, writes) => told.push([durationMs, writes]));
  const startedAt = performance.now();
  await Promise.all(["a", "b", "c"].map((name) => commits.run(insert(name))));
  await commits.run(insert("d"));
  const passedMs = performance.now() - startedAt;
  expect(told.map(([, writes]) => writes)).toEqual([3, 1]);
  const [first = NaN, second = NaN] = told.map(([durationMs]) => durationMs);
  expect(first).toBeGreaterThan(0);
  expect(first + second).toBeLessThanOrEqual(passedMs);
  await db.destroy();
  await expect(commits.run(insert("e"))).rejects.toThrow(/destroyed|closed|not open/);
  expect(told).toHaveLength(2);
});

test("work that throws is taken back alone, and hears why", async () => {
  const { commits, committed } = open();
  const first = commits.run(insert("a"));
  const bad = commits.run(async (db) => {
    await insert("b")(db);
    throw broken;
  });
  const twin = commits.run(insert("a"));
  const last = commits.run(insert("c"));
  const outcomes = await Promise.allSettled([first, bad, twin, last]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  await expect(bad).rejects.toBe(broken);
  await expect(twin).rejects.toThrow(/UNIQUE/);
  expect(committed()).toEqual(["a", "c"]);
});

test("work sees what was done before it, in the order of the calls", async () => {
  const { commits } = open();
  const counts = await Promise.all(Array.from({ length: 200 }, () => commits.run(count)));
  expect(counts).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

test("where the commit fails everybody of the group hears of it, nothing is done, and the next group goes on", async () => {
  const { commits, committed, database } = open();
  // What a full disk does: the whole transaction is gone, also for those who were done already.
  const first = commits.run(insert("a"));
  const second = commits.run(async (db) => {
    await insert("b")(db);
    database.exec("rollback");
  });
  const outcomes = await Promise.allSettled([first, second]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(committed()).toEqual([]);
  expect(await commits.run(insert("c"))).toBe("c");
  expect(committed()).toEqual(["c"]);
});

test("where no transaction can begin, whoever waits hears of it", async () => {
  const { commits, committed, database } = open();
  const waiting = [commits.run(insert("a")), commits.run(insert("b"))];
  database.exec("begin");
  const outcomes = await Promise.allSettled(waiting);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  database.exec("rollback");
  expect(await commits.run(insert("c"))).toBe("c");
  expect(committed()).toEqual(["c"]);
});
