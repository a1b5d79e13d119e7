import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { TestClock } from "../lib/test-clock.ts";
import { inDirectory, testDirectory } from "../lib/test-directory.ts";
import { openDatabase } from "./database.ts";
import { SqlStore } from "./sql-store.ts";

/** What tests authenticate their audit trails with. */
export const testAuditKey = Buffer.alloc(32, 7);

/** Making a new database takes as long as the rest of most tests that have one: they get copies. */
const newDatabase = await inDirectory(async (directory) => {
  const file = join(directory, "postern.db");
  openDatabase(file).close();
  return readFile(file);
});

/** Makes a database file, without anything in it, for the running test. Its lineage is that of all others. */
export function newDatabaseFile(): string {
  const file = join(testDirectory(), "postern.db");
  writeFileSync(file, newDatabase);
  return file;
}

/** Opens a store on a real database file that goes with the running test. */
export async function openTestStore(
  file = newDatabaseFile(),
  clock: Clock = new TestClock(),
  auditKey: Buffer = testAuditKey,
): Promise<SqlStore> {
  const store = await SqlStore.open(file, clock, auditKey);
  // Before the directory goes: hooks run last in, first out.
  onTestFinished(() => store.close());
  return store;
}
