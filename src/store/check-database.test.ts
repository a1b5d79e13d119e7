import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { anEndpoint, endpointId, serviceId, subnetId, uuid, vpcId } from "../domain/test-fixtures.ts";
import type { EndpointId } from "../domain/ids.ts";
import { authenticator } from "../lib/authenticator.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { checkDatabase } from "./check-database.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore, testAuditKey } from "./test-store.ts";

const second = uuid(70) as EndpointId;
let file: string;

/** A sound installation with two endpoints, a whitelist, a domain, a key and a gateway. */
beforeEach(async () => {
  file = join(testDirectory(), "postern.db");
  const store = await openTestStore(file);
  const audit = { actor: "a", action: "b", resource: "c" };
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    const endpoint = anEndpoint();
    await tx.endpoints.insert(endpoint);
    await tx.endpoints.insert({ ...endpoint, id: second, address: "127.80.0.9" as never, markerId: 99 });
  });
  await store.write(audit, () => Promise.resolve());
  const raw = openRaw();
  raw.exec(`
    insert into permission (id, service_id, permission, permission_type, created_at)
      values ('p', '${serviceId}', 'iam:domain::abc', 'domainId', 1);
    insert into service_domain (id, service_id, name, token, status, created_at)
      values ('${uuid(80)}', '${serviceId}', 'logs.example.com', 't', 'verified', 1);
    insert into gateway values ('${uuid(81)}', 'local', 'h', null);
    insert into access_key (id, user_id, sealed_secret, created_at) select 'AK', id, 'sealed', 1 from user;
    insert into released_address select '${subnetId}', '127.80.0.2', id, 1 from project;
  `);
  raw.close();
});

/** As somebody else's hand would: the triggers that keep the audit trail see nothing of it. */
function openRaw(): DatabaseSync {
  const raw = new DatabaseSync(file);
  const triggers = raw.prepare("select name from sqlite_schema where type = 'trigger'").all();
  for (const { name } of triggers) raw.exec(`drop trigger ${String(name)}`);
  return raw;
}

function unseal(sealed: string): string {
  if (sealed !== "sealed") throw new Error("no");
  return "";
}

async function check() {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return await checkDatabase(database, { unseal, authenticate: authenticator(testAuditKey) });
  } finally {
    database.close();
  }
}

/** Changes rows as nothing of Postern's would: past references, unique indexes and what columns may hold. */
function breakRows(sql: string): void {
  const raw = openRaw();
  raw.exec("pragma foreign_keys = off; pragma ignore_check_constraints = on");
  const indexes = raw
    .prepare("select name from sqlite_schema where type = 'index' and sql like 'create unique%'")
    .all();
  for (const { name } of indexes) raw.exec(`drop index ${String(name)}`);
  raw.exec(sql);
  raw.close();
}

test("sound data are found sound, and it is told over how much", async () => {
  expect(await check()).toEqual({ revision: 2, rows: 14, findings: [], total: 0 });
});

const e = `endpoint/${endpointId}`;
const s = `service/${serviceId}`;
const copyOf = (table: string, changes: string): string =>
  `create temp table copy as select * from ${table} limit 1; update copy set ${changes}; insert into ${table} select * from copy`;

describe("one wrong row is found:", () => {
  test.each([
    [
      "an id that is none",
      `update endpoint set id = 'x' where id = '${second}'`,
      "endpoint/x",
      /Its id holds/,
    ],
    [
      "a word that is none",
      `update endpoint set phase = 'gone' where id = '${endpointId}'`,
      e,
      /phase holds "gone"/,
    ],
    ["no JSON", `update cluster set nodes = '[{'`, "cluster/", /nodes holds/],
    [
      "a node without a port",
      `update cluster set nodes = '[{"id":"${uuid(1)}","host":"h"}]'`,
      "cluster/",
      /nodes/,
    ],
    [
      "a secret of a wrong form",
      "update user set password_hash = ''",
      "user/",
      /passwordHash holds something/,
    ],
    ["an action that is none", `update user set actions = '["everything"]'`, "user/", /actions/],
    [
      "a reference to nothing",
      "update permission set service_id = 'x'",
      "permission/row",
      /endpoint_service that is not/,
    ],
    [
      "an address outside its subnet",
      `update endpoint set address = '127.99.0.2' where id = '${endpointId}'`,
      e,
      /does not lie in its subnet/,
    ],
    [
      "a subnet of another network",
      copyOf("vpc", `id = '${uuid(50)}', name = 'o', number = 50, cidr = '127.80.0.0/20'`) +
        `; update endpoint set vpc_id = '${uuid(50)}' where id = '${endpointId}'`,
      e,
      /not of its network/,
    ],
    [
      "a second address without a network",
      `update endpoint set address6 = 'fd00::5' where id = '${endpointId}'`,
      e,
      /does not lie/,
    ],
    [
      "an address that a name server has",
      "update vpc set dns_address = '127.80.0.2'",
      `vpc/${vpcId}`,
      /name server's/,
    ],
    [
      "an address twice on loopback",
      copyOf("vpc", `id = '${uuid(50)}', name = 'o', number = 50`) +
        `; ${copyOf("subnet", `id = '${uuid(51)}', vpc_id = '${uuid(50)}'`).replaceAll("copy", "copy2")}; update endpoint set vpc_id = '${uuid(50)}', subnet_id = '${uuid(51)}', address = '127.80.0.2' where id = '${second}'`,
      `endpoint/${second}`,
      /another endpoint's/,
    ],
    [
      "an address released while used",
      "update released_address set released_at = 99999999999999",
      e,
      /released while it has it/,
    ],
    [
      "an address taken too early",
      `insert into project select '${"f".repeat(32)}', account_id, 'o', 1 from project; update released_address set project_id = '${"f".repeat(32)}', released_at = (select created_at - 1000 from endpoint limit 1)`,
      e,
      /a moment before/,
    ],
    [
      "a cursor outside its pool",
      "update subnet set pool_cursor = '127.99.0.1'",
      `subnet/${subnetId}`,
      /place in its pool/,
    ],
    [
      "a cursor without a pool",
      "update subnet set pool6_cursor = 'fd00::1'",
      `subnet/${subnetId}`,
      /place in its pool/,
    ],
    [
      "a subnet outside its network",
      "update vpc set cidr = '127.81.0.0/20'",
      `subnet/${subnetId}`,
      /does not lie in its network/,
    ],
    [
      "subnets that overlap",
      copyOf("subnet", `id = '${uuid(51)}', name = 'o', cidr = '127.80.0.0/24'`),
      "subnet/",
      /overlaps/,
    ],
    [
      "a number of two networks",
      copyOf("vpc", `id = '${uuid(50)}', name = 'o', cidr = '127.90.0.0/20'`),
      `vpc/${uuid(50)}`,
      /its number/,
    ],
    [
      "a place of two networks",
      `update vpc set attachment = 'netns', attachment_name = 'n'; ${copyOf("vpc", `id = '${uuid(50)}', name = 'o', number = 50`)}`,
      `vpc/${uuid(50)}`,
      /is n of the gateway's host too/,
    ],
    [
      "a place that is none",
      "update vpc set attachment_name = 'eth0'",
      `vpc/${vpcId}`,
      /do not fit together/,
    ],
    [
      "a state that is none",
      `update endpoint set approval = 'rejected' where id = '${endpointId}'`,
      e,
      /nobody has rejected it/,
    ],
    [
      "a rejecter without a rejection",
      `update endpoint set rejected_by = 'owner' where id = '${endpointId}'`,
      e,
      /the owner has rejected it/,
    ],
    [
      "another account's project",
      `update endpoint set account_id = '${"e".repeat(32)}' where id = '${endpointId}'`,
      e,
      /is not of its account/,
    ],
    [
      "a source that is no address",
      `update endpoint set source_whitelist = '["x"]' where id = '${endpointId}'`,
      e,
      /no address/,
    ],
    ["a marker of two", "update endpoint set marker_id = 99", "endpoint/", /its number 99/],
    [
      "two opened services of a cluster",
      copyOf("endpoint_service", `id = '${uuid(60)}', name = 'region-1.x.${uuid(60)}'`),
      `service/${uuid(60)}`,
      /opened another/,
    ],
    [
      "a service of another name",
      `update endpoint_service set name = 'region-1.x.${uuid(60)}'`,
      s,
      /not made of its id/,
    ],
    [
      "a port twice",
      `update endpoint_service set ports = '[{"clientPort":1,"serverPort":2},{"clientPort":1,"serverPort":3}]'`,
      s,
      /Two of its ports/,
    ],
    [
      "a permission that names nobody",
      "update permission set permission = 'iam:domain::a b'",
      "permission/p",
      /names no account/,
    ],
    [
      "a domain proven twice",
      `${copyOf("endpoint_service", `id = '${uuid(60)}', name = 'region-1.x.${uuid(60)}', origin = 'vpcep'`)}; ${copyOf("service_domain", `id = '${uuid(61)}', service_id = '${uuid(60)}'`).replaceAll("copy", "copy2")}`,
      `domain/${uuid(61)}`,
      /has proven/,
    ],
    [
      "a tag twice",
      `update cluster set tags = '[{"key":"a","value":""},{"key":"a","value":""}]'`,
      "cluster/",
      /a tag/,
    ],
    [
      "a tag of wrong characters",
      `update endpoint set tags = '[{"key":"a b","value":""}]' where id = '${endpointId}'`,
      e,
      /a tag/,
    ],
    [
      "an endpoint of a revision to come",
      `update endpoint set created_revision = 3 where id = '${endpointId}'`,
      e,
      /revision 3/,
    ],
    ["a revision that fell", "update revision set value = 1", "revision", /audit trail is at 2/],
    ["a trail that fell", "update audit_event set revision = 3 - revision", "audit/2", /less than/],
    ["an entry of another hand", "update audit_event set actor = 'b'", "audit/1", /was changed/],
    [
      "a secret that does not open",
      "update access_key set sealed_secret = 'x'",
      "key/AK",
      /cannot be opened/,
    ],
  ])("%s", async (_what, sql, where, what) => {
    breakRows(sql);
    const { findings, total } = await check();
    const found = findings.find((finding) => finding.where.startsWith(where) && what.test(finding.what));
    expect(findings.length === 0 ? "nothing" : findings).toContain(found);
    expect(total).toBe(findings.length);
    expect(found?.next).toMatch(/^[A-Z].*\.|postern/);
    expect(JSON.stringify(findings)).not.toContain("sealed");
  });

  test("a damaged page", async () => {
    const raw = new DatabaseSync(file);
    raw.exec("pragma wal_checkpoint(truncate)");
    const { rootpage } =
      raw.prepare("select rootpage from sqlite_schema where name = 'endpoint'").get() ?? {};
    raw.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096);
    writeFileSync(file, bytes);
    const { findings } = await check();
    expect(findings[0]).toMatchObject({ where: "database", what: expect.stringContaining("SQLite finds") });
  });
});
