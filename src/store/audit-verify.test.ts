import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AuditVerdict } from "../domain/audit-log.ts";
import type { EndpointId } from "../domain/ids.ts";
import type { AuditEntry } from "../domain/store.ts";
import { aCluster, anEndpoint, clusterId, endpointId, projectId, uuid } from "../domain/test-fixtures.ts";
import { authenticator } from "../lib/authenticator.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { dropAuditTriggers } from "./audit-triggers.ts";
import { AuditVerifier } from "./audit-verify.ts";
import type { SqlStore } from "./sql-store.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore, testAuditKey } from "./test-store.ts";

const entry: AuditEntry = {
  actor: "u1",
  accountId: "a1",
  projectId,
  source: "192.0.2.1",
  action: "startVpcep",
  resource: "cluster/c1",
  requestId: "r1",
};

/** Writes a trail that has every kind of entry: with and without changes, noted, by the system, of many rows. */
async function writeTrail(file: string): Promise<SqlStore> {
  const clock = new TestClock();
  const store = await openTestStore(file, clock);
  await store.write(entry, insertBasics);
  for (let n = 0; n < 8; n += 1) {
    clock.advance(60_000);
    const address = `127.80.1.${n}` as Ipv4;
    await store.write(entry, (tx) =>
      tx.endpoints.insert(anEndpoint({ id: uuid(500 + n) as EndpointId, address })),
    );
    await store.observe((tx) => tx.endpoints.setPhase(uuid(500 + n) as EndpointId, "failed", null));
  }
  await store.observe((tx) => {
    tx.note({ actor: "gateway/g1", action: "nodeOut", resource: "cluster/c1" });
    return Promise.resolve();
  });
  await store.write(entry, (tx) => tx.clusters.delete(clusterId));
  await store.write(entry, (tx) =>
    tx.clusters.insert(aCluster({ tags: [{ key: "Prüfung", value: '\u0001"\u{1F512}' }] })),
  );
  return store;
}

/** A trail whose guards are gone, as somebody with the file in his hands would have it. */
async function unguarded(): Promise<{ database: DatabaseSync; verify: () => Promise<AuditVerdict> }> {
  const file = join(testDirectory(), "postern.db");
  const store = await writeTrail(file);
  expect((await store.audit.verify()).fault).toBeNull();
  await store.audit.trim((await store.audit.search({}, null, 100)).records.at(-3)?.event.at ?? 0);
  await store.close();
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  dropAuditTriggers(database);
  database.exec("pragma ignore_check_constraints = on");
  const verifier = new AuditVerifier(database, authenticator(testAuditKey));
  return { database, verify: () => verifier.verify((work) => Promise.resolve(work())) };
}

/** Does something to the file, looks at what that is found as, and takes it back. */
async function faultAfter(
  { database, verify }: Awaited<ReturnType<typeof unguarded>>,
  change: () => void,
): Promise<AuditVerdict["fault"]> {
  database.exec("begin");
  try {
    change();
    return (await verify()).fault;
  } finally {
    database.exec("rollback");
  }
}

/** Returns the value with one bit of one byte turned over; of a key one that gives no other row's. */
function flip(value: SQLInputValue, isKey: boolean, random: () => number): SQLInputValue {
  const bit = 1 << Math.floor(random() * 8);
  if (typeof value === "number" || typeof value === "bigint") {
    return BigInt(value) ^ (BigInt(bit) << BigInt(8 * Math.floor(isKey ? 2 + random() * 5 : random() * 7)));
  }
  const bytes = Buffer.from(value as string);
  const at = Math.floor(random() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ bit;
  return bytes;
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("one byte turned over, anywhere in the trail, is found", async () => {
  const trail = await unguarded();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  let flips = 0;
  for (const [table, key] of [
    ["audit_event", "seq"],
    ["audit_change", "id"],
    ["audit_chain", "name"],
  ] as const) {
    for (const row of trail.database.prepare(`select * from ${table}`).all()) {
      for (const [column, value] of Object.entries(row)) {
        if (value === null || value === "") continue;
        const turned = flip(value, column === key, random);
        const fault = await faultAfter(trail, () => {
          const into = typeof turned === "bigint" ? "?" : "cast(? as text)";
          trail.database
            .prepare(`update ${table} set ${column} = ${into} where ${key} = ?`)
            .run(turned, row[key] ?? null);
        });
        if (fault === null)
          throw new Error(`seed ${seed}: ${table}.${column} of ${String(row[key])} was turned over unseen`);
        flips += 1;
      }
    }
  }
  expect(flips).toBeGreaterThan(300);
  expect((await trail.verify()).fault).toBeNull();
});

const swap = (table: string, column: string, a: number, b: number) =>
  `update ${table} set ${column} = -1 where ${column} = ${a};
   update ${table} set ${column} = ${a} where ${column} = ${b};
   update ${table} set ${column} = ${b} where ${column} = -1;`;

describe("is found:", () => {
  test.each([
    ["an entry that is gone", "delete from audit_event where seq = 9"],
    [
      "an entry that is gone with its changes",
      "delete from audit_event where seq = 9; delete from audit_change where seq = 9",
    ],
    [
      "a change that is gone",
      "delete from audit_change where id = (select max(id) from audit_change where seq = 9)",
    ],
    [
      "a change that is added",
      "insert into audit_change (seq, kind, resource_id) values (9, 'endpoint', 'x')",
    ],
    [
      "a change of no entry",
      "insert into audit_change (seq, kind, resource_id) values (99, 'endpoint', 'x')",
    ],
    [
      "a change of before the trail",
      "insert into audit_change (id, seq, kind, resource_id) values (-1, 0, 'endpoint', 'x')",
    ],
    ["two entries that changed places", swap("audit_event", "seq", 9, 10)],
    [
      "entries that changed places with their changes",
      swap("audit_event", "seq", 9, 10) + swap("audit_change", "seq", 9, 10),
    ],
    [
      "two changes that changed places",
      "update audit_change set id = -id; update audit_change set seq = 10 where seq = 9",
    ],
    [
      "an entry that is added",
      `insert into audit_event select 99, revision, at, actor, action, resource, request_id, source,
       account_id, project_id, hash from audit_event where seq = 9`,
    ],
    [
      "a tail that is cut off",
      "delete from audit_event where seq > 12; delete from audit_change where seq > 12",
    ],
    [
      "a tail that is cut off, with the head set back",
      `delete from audit_event where seq > 12; delete from audit_change where seq > 12;
       update audit_chain set (seq, at, hash) = (select seq, at, hash from audit_event where seq = 12) where name = 'head'`,
    ],
    [
      "a beginning that is cut off, with the anchor set forward",
      `delete from audit_event where seq < 9; delete from audit_change where seq < 9;
       update audit_chain set (seq, at, hash) = (select seq, at, hash from audit_event where seq = 9) where name = 'anchor'`,
    ],
    ["a head that is gone", "delete from audit_chain where name = 'head'"],
  ])("%s", async (_what, sql) => {
    const trail = await unguarded();
    expect(await faultAfter(trail, () => trail.database.exec(sql))).not.toBeNull();
    expect((await trail.verify()).fault).toBeNull();
  });
});

test("a tail that is cut off stays found when the server writes on", async () => {
  const file = join(testDirectory(), "postern.db");
  const store = await writeTrail(file);
  await store.close();
  const database = new DatabaseSync(file);
  dropAuditTriggers(database);
  database.exec(`delete from audit_event where seq > 12; delete from audit_change where seq > 12;
    update audit_chain set (seq, at, hash) = (select seq, at, hash from audit_event where seq = 12) where name = 'head'`);
  database.close();
  const again = await openTestStore(file);
  await again.write(entry, () => Promise.resolve());
  await again.write(entry, () => Promise.resolve());
  expect((await again.audit.verify()).fault).toMatchObject({ reason: expect.stringContaining("head") });
});

test("another key fits nothing", async () => {
  const { database } = await unguarded();
  const verifier = new AuditVerifier(database, authenticator(Buffer.alloc(32, 8)));
  expect((await verifier.verify((work) => Promise.resolve(work()))).fault).not.toBeNull();
});

test("a verdict tells what it covers, and what retention took", async () => {
  const { verify } = await unguarded();
  const verdict = await verify();
  expect(verdict).toMatchObject({ beganAfterSeq: 0, fault: null });
  expect(verdict.firstSeq).toBe((verdict.trimmedUpToSeq ?? 0) + 1);
  expect(verdict.count).toBe((verdict.lastSeq ?? 0) - (verdict.firstSeq ?? 0) + 1);
});

test("entries that are written meanwhile are looked at too", async () => {
  const store = await writeTrail(join(testDirectory(), "postern.db"));
  const verifying = store.audit.verify();
  const writing = Array.from({ length: 20 }, () =>
    store.write(entry, (tx) => tx.endpoints.setPhase(endpointId, "ready", null)),
  );
  await Promise.all(writing);
  expect((await verifying).fault).toBeNull();
  expect((await store.audit.verify()).fault).toBeNull();
});
