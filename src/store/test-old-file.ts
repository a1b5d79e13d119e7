import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { testDirectory } from "../lib/test-directory.ts";
import { migrations } from "./migrations.ts";

/** Makes a file as the first `steps` steps left it, with one fact in it. */
export function fileOfVersion(steps: number, directory = testDirectory()): string {
  const file = join(directory, "postern.db");
  const raw = new DatabaseSync(file);
  for (const { sql } of migrations.slice(0, steps)) raw.exec(sql);
  raw.exec(`pragma user_version = ${steps}; insert into installation values ('region', 'r')`);
  raw.close();
  return file;
}

/** Returns the first value that a file answers a query with, after what a killed process left of it was put right. */
export function ask(file: string, sql: string): unknown {
  const raw = new DatabaseSync(file);
  try {
    return Object.values(raw.prepare(sql).get() ?? {})[0];
  } finally {
    raw.close();
  }
}

/** Names of the copies from before the schema changed, also of unfinished ones. */
export function copiesBeside(file: string): string[] {
  return readdirSync(dirname(file)).filter((name) => name.includes(".before-"));
}
