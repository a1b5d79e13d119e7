import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartError } from "./start-error.ts";

/** A lock that the kernel frees when its process ends, however it ends. */
export interface ExclusiveLock {
  release(): void;
}

/**
 * Takes a lock that no second process can hold. Node has no flock, so the lock is that of an empty SQLite
 * database with an exclusive transaction open.
 * @param waitMs how long to wait for a holder that is just ending
 * @throws StartError where another process holds it, or the file cannot be written
 */
export function takeExclusiveLock(file: string, holder: string, waitMs: number): ExclusiveLock {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(file, { timeout: waitMs });
    database.exec("begin exclusive");
  } catch (error) {
    database?.close();
    throw new StartError(explain(error, file, holder));
  }
  const held = database;
  return { release: () => held.close() };
}

function explain(error: unknown, file: string, holder: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (/locked|busy/.test(reason)) {
    return `Another ${holder} is already running on ${dirname(file)}. Stop it first, or choose another data directory.`;
  }
  return `The data directory ${dirname(file)} cannot be used: ${reason}. Check that it exists, is writable and has free space.`;
}
