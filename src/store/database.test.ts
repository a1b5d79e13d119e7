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

/** Makes a file as the first `steps` steps left it. */
function fileOfVersion(steps: number, rows: string): string {
  const file = join(testDirectory(), "postern.db");
  const raw = new DatabaseSync(file);
  for (const { sql } of migrations.slice(0, steps)) raw.exec(sql);
  raw.exec(`pragma user_version = ${steps}; ${rows}`);
  raw.close();
  return file;
}

const beforeServices = migrations.findIndex(({ name }) => name === "0006-services");
const rowsBeforeServices = `
  insert into account values ('a', 'a', 1);
  insert into project values ('p', 'a', 'p', 1);
  insert into vpc (id, project_id, name, cidr, attachment, created_at)
    values ('v', 'p', 'v', '127.80.0.0/20', 'loopback', 1);
  insert into subnet (id, vpc_id, project_id, name, cidr, created_at) values ('s', 'v', 'p', 's', '127.80.0.0/20', 1);
  ${["c1", "c2", "c3"]
    .map(
      (id) => `insert into cluster (id, project_id, name, state, engine, engine_version, nodes, scheme,
        insecure_skip_verify, client_port, vpc_id, subnet_id, version, created_at, updated_at)
        values ('${id}', 'p', '${id}', 'adopted', 'opensearch', '2', '[]', 'http', 0, 9200, 'v', 's', 1, 1, 1);`,
    )
    .join("")}
  insert into endpoint_service values ('es1', 'c1', 'p', 'n1', 1, 0, 0, 0, 1, 1, 2, 'css', '[]', '', '[]', 0);
  insert into endpoint_service values ('es2', 'c2', 'p', 'n2', 1, 1, 1, 1, 0, 3, 4, 'vpcep', '[1]', 'd', '[2]', 1);
  insert into endpoint_service values ('es3', 'c3', 'p', 'n3', 0, 0, 0, 0, 1, 1, 2, 'vpcep', '[]', '', '[]', 1);
  insert into permission (id, service_id, permission, permission_type, created_at) values ('x', 'es1', '*', 'domainId', 1);
  insert into endpoint (id, service_id, project_id, account_id, vpc_id, subnet_id, address, phase, approval, max_session,
    specification_name, dns_enabled, description, created_revision, created_at)
    values ('e', 'es1', 'p', 'a', 'v', 's', '127.80.0.2', 'ready', 'accepted', 1, 'default', 0, '', 1, 1);
`;

test("services of one a cluster become services of many, with all that hangs on them", () => {
  const database = openDatabase(fileOfVersion(beforeServices, rowsBeforeServices));
  const all = (sql: string): unknown[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  expect(all("select * from endpoint_service order by id")).toEqual([
    ["es1", "c1", "p", "n1", 1, 0, 0, 0, 1, "css", "[]", "", "[]", 1, 2, 0],
    ["es2", "c2", "p", "n2", 1, 1, 1, 1, 0, "vpcep", "[1]", "d", "[2]", 3, 4, 1],
    // It was closed with its cluster, so its cluster opens it again.
    ["es3", "c3", "p", "n3", 0, 0, 0, 0, 1, "css", "[]", "", "[]", 1, 2, 1],
  ]);
  expect(all("select id from permission union all select id from endpoint")).toEqual([["x"], ["e"]]);
  database.exec("delete from cluster where id = 'c1'");
  expect(all("select id from permission union all select id from endpoint")).toEqual([]);
  database.close();
});

test("a step that leaves rows without what they refer to is taken back", () => {
  const orphan =
    "insert into subnet (id, vpc_id, project_id, name, cidr, created_at) values ('s', 'v', 'p', 's', '', 1)";
  const file = fileOfVersion(beforeServices, `pragma foreign_keys = off; ${orphan};`);
  expect(() => openDatabase(file)).toThrow(/step 0006-services would leave rows of subnet/);
  const raw = new DatabaseSync(file);
  expect(raw.prepare("pragma user_version").get()).toEqual({ user_version: beforeServices });
  raw.close();
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

function network(id: string, attachment: string, age: number): string {
  return `insert into vpc (id, project_id, name, cidr, attachment, created_at)
    values ('${id}', 'p', '${id}', '', '${attachment}', ${age});`;
}

test("networks of an earlier version are numbered by age, and keep how they are attached", () => {
  const before = migrations.findIndex(({ name }) => name === "0007-attachments");
  const file = fileOfVersion(
    before,
    `insert into account values ('a', 'a', 1); insert into project values ('p', 'a', 'p', 1);
    ${network("x", "none", 5)} ${network("z", "loopback", 1)} ${network("y", "loopback", 1)}`,
  );
  const database = openDatabase(file);
  const all = database
    .prepare("select id, number, attachment, attachment_name from vpc order by number")
    .all();
  expect(all.map((row) => Object.values(row))).toEqual([
    ["y", 1, "loopback", null],
    ["z", 2, "loopback", null],
    ["x", 3, "none", null],
  ]);
  database.close();
});
