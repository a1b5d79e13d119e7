import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TestClock } from "../../lib/test-clock.ts";
import { testDirectory } from "../../lib/test-directory.ts";
import type { SqlStore } from "../../store/sql-store.ts";
import { insertBasics } from "../../store/test-basics.ts";
import { openTestStore } from "../../store/test-store.ts";
import { dataPaths, type DataPaths } from "../paths.ts";
import { makeBackup } from "./make-backup.ts";

/** When backups of tests are made. */
export const now = new Date("2026-01-02T03:04:05Z");
export const audit = { actor: "a", action: "b", resource: "c" };

export interface TestData {
  readonly paths: DataPaths;
  readonly store: SqlStore;
  readonly key: Buffer;
}

/** A data directory with some revisions in it, and its store. */
export async function aDirectory(
  revisions = 3,
  key = randomBytes(32),
  root = testDirectory(),
): Promise<TestData> {
  const paths = dataPaths(root);
  const store = await openTestStore(paths.database, new TestClock());
  await store.write(audit, insertBasics);
  while (store.revision < revisions) await store.write(audit, () => Promise.resolve());
  writeFileSync(paths.secretKey, key);
  writeFileSync(paths.admin, '{"token":"t"}');
  return { paths, store, key };
}

export async function backupOf(paths: DataPaths): Promise<string> {
  const file = join(testDirectory(), "backup.tar");
  const { archive } = await makeBackup(paths, "1.2.3", now);
  await writeFile(file, archive);
  return file;
}

/** What a data directory says of its revisions. */
export function facts(paths: DataPaths): unknown {
  const database = new DatabaseSync(paths.database, { readOnly: true });
  try {
    const setting = (key: string) =>
      database.prepare("select value from installation where key = ?").get(key)?.["value"];
    const { value } = database.prepare("select value from revision").get() ?? {};
    return { revision: value, restored: setting("restored"), lineage: setting("lineage") };
  } finally {
    database.close();
  }
}
