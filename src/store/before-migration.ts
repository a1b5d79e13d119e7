import { chmodSync, closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { StartError } from "../lib/start-error.ts";

/** Copies that are kept: the one just made, and the one before it. */
const mostKept = 2;

/**
 * Copies a database beside itself before its schema is changed: `FILE.before-VERSION`, for its owner alone. An earlier
 * version of Postern goes on with it in the database's place. The oldest copies go where there are more than two.
 * @throws StartError where the copy cannot be made; nothing has changed then
 */
export function keepBeforeMigration(database: DatabaseSync, file: string, version: number): void {
  const copy = `${file}.before-${version}`;
  const temporary = `${copy}.new`;
  try {
    rmSync(temporary, { force: true });
    database.prepare("vacuum into ?").run(temporary);
    chmodSync(temporary, 0o600);
    flush(temporary);
    renameSync(temporary, copy);
    flush(dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The database ${file} is to be copied before its schema is changed, and that failed: ${reason}. Nothing was ` +
        `changed. Make room for a second file of its size in ${dirname(file)}, and start again.`,
    );
  }
  removeOldest(file);
}

function flush(path: string): void {
  const opened = openSync(path, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function removeOldest(file: string): void {
  const prefix = `${basename(file)}.before-`;
  const versions = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  for (const version of versions.toSorted((a, b) => b - a).slice(mostKept)) {
    rmSync(join(dirname(file), `${prefix}${version}`), { force: true });
  }
}
