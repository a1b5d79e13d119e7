import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { StartError } from "../lib/start-error.ts";
import { testDirectory, withoutPrivileges } from "../lib/test-directory.ts";
import { openDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";

function open(file: string): { close(): void; pragma(name: string): unknown } {
  const database = openDatabase(file);
  return {
    close: () => database.close(),
    pragma: (name) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0],
  };
}

test("a new file gets the whole schema, WAL, full durability and foreign keys", () => {
  const file = join(testDirectory(), "new", "postern.db");
  const database = open(file);
  expect(database.pragma("user_version")).toBe(migrations.length);
  expect(database.pragma("journal_mode")).toBe("wal");
  expect(database.pragma("synchronous")).toBe(2);
  expect(database.pragma("foreign_keys")).toBe(1);
  database.close();
});

test("opening again migrates nothing twice, and durability is full again", () => {
  const file = join(testDirectory(), "postern.db");
  openDatabase(file).close();
  const database = open(file);
  expect(database.pragma("synchronous")).toBe(2);
  expect(database.pragma("user_version")).toBe(migrations.length);
  database.close();
});

describe("a StartError, without a change to the file, for", () => {
  test("a file of a newer version", () => {
    const file = join(testDirectory(), "postern.db");
    const database = openDatabase(file);
    database.exec(`pragma user_version = ${migrations.length + 1}`);
    database.close();
    expect(() => openDatabase(file)).toThrow(StartError);
    expect(() => openDatabase(file)).toThrow(/newer version/);
    const raw = new DatabaseSync(file);
    expect(raw.prepare("pragma user_version").get()).toEqual({ user_version: migrations.length + 1 });
    raw.close();
  });

  test("a file that is no database", () => {
    const file = join(testDirectory(), "postern.db");
    const content = "This is no database. ".repeat(100);
    writeFileSync(file, content);
    expect(() => openDatabase(file)).toThrow(StartError);
    expect(() => openDatabase(file)).toThrow(`The database ${file} is damaged`);
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  test("a file with a page overwritten", () => {
    const file = join(testDirectory(), "postern.db");
    openDatabase(file).close();
    const bytes = readFileSync(file);
    bytes.fill(0xaa, 4096, 5 * 4096);
    writeFileSync(file, bytes);
    expect(() => openDatabase(file)).toThrow(StartError);
    expect(() => openDatabase(file)).toThrow(`The database ${file} is damaged`);
    // In one line, as every reason not to start.
    expect(() => openDatabase(file)).toThrow(/^.*$/);
  });

  test("a file that was cut off", () => {
    const file = join(testDirectory(), "postern.db");
    openDatabase(file).close();
    truncateSync(file, 3 * 4096);
    expect(() => openDatabase(file)).toThrow(StartError);
    expect(() => openDatabase(file)).toThrow(`The database ${file} is damaged`);
  });

  test("a directory that cannot be written", () => {
    const directory = testDirectory();
    const file = join(directory, "postern.db");
    chmodSync(directory, 0o555);
    const attempt = (): unknown => withoutPrivileges(() => openDatabase(file));
    expect(attempt).toThrow(StartError);
    expect(attempt).toThrow(`The database ${file} cannot be used`);
  });

  test("an existing file that may only be read", () => {
    const directory = testDirectory();
    const file = join(directory, "postern.db");
    openDatabase(file).close();
    chmodSync(file, 0o444);
    chmodSync(directory, 0o555);
    const attempt = (): unknown => withoutPrivileges(() => openDatabase(file));
    expect(attempt).toThrow(StartError);
    expect(attempt).toThrow(/Check that its directory exists, is writable/);
  });

  test("a directory in the file's place", () => {
    const file = join(testDirectory(), "postern.db");
    mkdirSync(file);
    expect(() => openDatabase(file)).toThrow(StartError);
    rmSync(file, { recursive: true });
  });
});

test("a failing migration leaves the version as it was", () => {
  const file = join(testDirectory(), "postern.db");
  const raw = new DatabaseSync(file);
  // Somebody else's table is in the way of ours.
  raw.exec("create table account (x)");
  raw.close();
  expect(() => openDatabase(file)).toThrow(StartError);
  const after = new DatabaseSync(file);
  expect(after.prepare("pragma user_version").get()).toEqual({ user_version: 0 });
  expect(after.prepare("select name from sqlite_schema where type = 'table'").all()).toEqual([
    { name: "account" },
  ]);
  after.close();
});

test("networks and services of an earlier version stay, attached to loopback and with the switch on", () => {
  const file = join(testDirectory(), "postern.db");
  const raw = new DatabaseSync(file);
  for (const { sql } of migrations.slice(0, 3)) raw.exec(sql);
  raw.exec(`
    pragma user_version = 3;
    insert into account values ('a', 'owner', 1);
    insert into project values ('p', 'a', 'region-1', 1);
    insert into vpc values ('v', 'p', 'default', '127.80.0.0/20', 'loopback', 1);
    insert into subnet values ('s', 'v', 'p', 'default', '127.80.0.0/20', null, 1);
    insert into cluster values ('c', 'p', 'logs', 'registered', 'opensearch', '2', '[]', 'http', null, null, null, 0,
      9200, 'v', 's', 1, 1, 1);
    insert into endpoint_service (id, cluster_id, project_id, name, enabled, approval_enabled, dns_enabled,
      professional, reconcile_connections, created_at, updated_at) values ('e', 'c', 'p', 'n', 1, 0, 0, 0, 1, 1, 1);
  `);
  raw.close();
  const database = openDatabase(file);
  const all = (sql: string): unknown => database.prepare(sql).all();
  expect(all("select id, attachment from vpc")).toEqual([{ id: "v", attachment: "loopback" }]);
  expect(all("select id from subnet")).toEqual([{ id: "s" }]);
  expect(all("select id, update_switch from endpoint_service")).toEqual([{ id: "e", update_switch: 1 }]);
  database.close();
});
