import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { StartError } from "../lib/start-error.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { openDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { ask, copiesBeside, fileOfVersion } from "./test-old-file.ts";

const present = migrations.length;

test("before a schema is changed the file is copied, for its owner alone, and the copy is whole and of the old schema", () => {
  const file = fileOfVersion(4);
  openDatabase(file).close();
  const copy = `${file}.before-4`;
  expect(ask(copy, "pragma user_version")).toBe(4);
  expect(ask(copy, "pragma integrity_check")).toBe("ok");
  expect(ask(copy, "select value from installation where key = 'region'")).toBe("r");
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(ask(file, "pragma user_version")).toBe(present);
  // The version before goes on with it, and can be brought up to date again.
  openDatabase(copy).close();
  expect(ask(copy, "pragma user_version")).toBe(present);
});

test("nothing is copied of a new file, or of one whose schema stays", () => {
  const file = join(testDirectory(), "postern.db");
  openDatabase(file).close();
  openDatabase(file).close();
  expect(copiesBeside(file)).toEqual([]);
});

test("the newest two copies are kept, and what is none of ours stays", () => {
  const file = fileOfVersion(10);
  for (const name of ["before-3", "before-9", "before-mine"]) writeFileSync(`${file}.${name}`, "");
  openDatabase(file).close();
  expect(copiesBeside(file).toSorted()).toEqual([
    "postern.db.before-10",
    "postern.db.before-9",
    "postern.db.before-mine",
  ]);
});

test("a copy that was broken off is made anew", () => {
  const file = fileOfVersion(4);
  writeFileSync(`${file}.before-4.new`, "half");
  openDatabase(file).close();
  expect(copiesBeside(file)).toEqual(["postern.db.before-4"]);
});

test("where there is no room for the copy nothing is changed, and the reason says so", () => {
  const file = fileOfVersion(4);
  // Not even root may write into a directory of this name.
  const inTheWay = `${file}.before-4`;
  const raw = new DatabaseSync(file);
  const before = raw.prepare("pragma page_count").get();
  raw.close();
  spawnSync("mkdir", ["-p", join(inTheWay, "full")]);
  expect(() => openDatabase(file)).toThrow(StartError);
  expect(() => openDatabase(file)).toThrow(
    /copied before its schema is changed, and that failed: .*Nothing was changed/,
  );
  expect(ask(file, "pragma user_version")).toBe(4);
  expect(ask(file, "pragma page_count")).toBe(Object.values(before ?? {})[0]);
  expect(existsSync(`${inTheWay}.new`)).toBe(false);
});

test("steps are done together or not at all: a later one that fails takes the earlier ones back", () => {
  const file = fileOfVersion(4);
  const raw = new DatabaseSync(file);
  // Makes step 8 fail: its column is there already.
  raw.exec("alter table cluster add column tags text");
  raw.close();
  const before = readFileSync(file);
  expect(() => openDatabase(file)).toThrow(StartError);
  expect(ask(file, "pragma user_version")).toBe(4);
  expect(ask(file, "select count(*) from pragma_table_info('token') where name = 'methods'")).toBe(0);
  expect(before.length).toBeGreaterThan(0);
});

test("data of a newer version say which version wrote them, where they do", () => {
  const file = join(testDirectory(), "postern.db");
  const database = openDatabase(file);
  database.exec(`pragma user_version = ${present + 1}`);
  expect(() => openDatabase(file)).toThrow(/Start the newer version that wrote it/);
  database.exec("insert into installation values ('written_by', '7.8.9')");
  expect(() => openDatabase(file)).toThrow(
    /Postern 7\.8\.9 wrote it last: start that version, or restore a backup/,
  );
  database.exec("update installation set value = 'x y\n'");
  expect(() => openDatabase(file)).toThrow(/Start the newer version that wrote it/);
  database.close();
});
