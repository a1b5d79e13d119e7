import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartError } from "../lib/start-error.ts";
import { dropAuditTriggers, installAuditTriggers } from "./audit-triggers.ts";
import { keepBeforeMigration } from "./before-migration.ts";
import { migrations } from "./migrations.ts";

/** Waits this long for another connection's lock before an operation fails. */
const busyTimeoutMs = 5_000;

/**
 * Opens (or makes) the database file, checks it and brings its schema up to date.
 * @throws StartError where the file is damaged, not writable, or was written by a newer version.
 */
export function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    setDurability(database);
    checkIntegrity(database, file);
    migrate(database, file);
    database.exec("begin immediate");
    installAuditTriggers(database);
    database.exec("commit");
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StartError ? error : explain(error, file);
  }
}

function setDurability(database: DatabaseSync): void {
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;");
  // What a piece of work would take back (savepoints, triggers) is kept in memory: by default SQLite writes every page of it
  // to a temporary file, sixty system calls for one endpoint. It is as large as the pages that the piece changes.
  database.exec("pragma temp_store = memory");
  // Asserted, not assumed: some builds reopen a WAL file with synchronous = normal, and an acknowledged
  // write could then be lost with the machine's power.
  const { synchronous } = database.prepare("pragma synchronous").get() as { synchronous: number };
  if (synchronous !== 2) throw new Error("SQLite refused synchronous = full");
}

function checkIntegrity(database: DatabaseSync, file: string): void {
  const row = database.prepare("pragma quick_check(1)").get() as { quick_check: string };
  if (row.quick_check !== "ok") {
    const finding = row.quick_check.replaceAll(/\s+/g, " ");
    throw new StartError(`The database ${file} is damaged (${finding}). Restore it from a backup.`);
  }
}

function migrate(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare("pragma user_version").get() as { user_version: number };
  if (version > migrations.length) {
    throw new StartError(
      `The database ${file} has schema version ${version}; this Postern knows up to ${migrations.length}. ` +
        `${writer(database)}, or restore a backup of this version.`,
    );
  }
  if (version === migrations.length) return;
  if (version > 0) keepBeforeMigration(database, file, version);
  // A step may rebuild a table: were references enforced, dropping the old one would delete whatever refers to it.
  database.exec("pragma foreign_keys = off");
  // All or nothing: whatever ends this leaves a file that the version before it can go on with.
  database.exec("begin immediate");
  dropAuditTriggers(database);
  for (const migration of migrations.slice(version)) {
    database.exec(migration.sql);
    checkReferences(database, migration.name);
  }
  database.exec(`pragma user_version = ${migrations.length}; commit`);
  database.exec("pragma foreign_keys = on");
}

/** What to start instead. Data of a later version may be of any shape: nothing is expected of them. */
function writer(database: DatabaseSync): string {
  try {
    const row = database.prepare("select value from installation where key = 'written_by'").get();
    const version = row?.["value"];
    if (typeof version === "string" && /^[0-9A-Za-z.+-]{1,40}$/.test(version)) {
      return `Postern ${version} wrote it last: start that version`;
    }
  } catch {
    // Told below.
  }
  return "Start the newer version that wrote it";
}

function checkReferences(database: DatabaseSync, step: string): void {
  const broken = database.prepare("pragma foreign_key_check").get() as { table: string } | undefined;
  if (broken) throw new Error(`step ${step} would leave rows of ${broken.table} without what they refer to`);
}

function explain(error: unknown, file: string): StartError {
  const reason = error instanceof Error ? error.message : String(error);
  if (/not a database|malformed/.test(reason)) {
    return new StartError(`The database ${file} is damaged (${reason}). Restore it from a backup.`);
  }
  return new StartError(
    `The database ${file} cannot be used: ${reason}. Check that its directory exists, is writable and has free space.`,
  );
}
