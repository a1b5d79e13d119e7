import { backup, DatabaseSync } from "node:sqlite";

/** What a database says of itself. */
export interface DatabaseFacts {
  /** Number of its schema's steps. */
  readonly schema: number;
  readonly revision: number;
  /** Empty in databases of earlier versions. */
  readonly lineage: string;
}

const busyTimeoutMs = 5_000;
/** All of them in one step: nothing that is written meanwhile shows, and nobody waits for it. */
const allPages = 2 ** 31 - 1;

/**
 * Copies a database as it is at one moment, page by page, while others write to it, on a thread of its own. The copy is
 * one file without a log beside it.
 * @param target a path where nothing is
 * @throws Error where the file cannot be read, or the copy not written
 */
export async function copyDatabase(file: string, target: string): Promise<DatabaseFacts> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  try {
    await backup(source, target, { rate: allPages });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(target);
  try {
    copy.exec("pragma journal_mode = delete");
    return readFacts(copy);
  } finally {
    copy.close();
  }
}

/** @throws Error where it is no database of Postern's */
export function readFacts(database: DatabaseSync): DatabaseFacts {
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const lineage = database.prepare("select value from installation where key = 'lineage'").get()?.["value"];
  return {
    schema: number("pragma user_version"),
    revision: number("select value from revision"),
    lineage: typeof lineage === "string" ? lineage : "",
  };
}
