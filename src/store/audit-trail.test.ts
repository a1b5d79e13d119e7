import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { AuditEntry } from "../domain/store.ts";
import {
  aCluster,
  anEndpoint,
  aService,
  clusterId,
  endpointId,
  gatewayId,
  projectId,
} from "../domain/test-fixtures.ts";
import { authenticator } from "../lib/authenticator.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { AuditTrail, beginTrail } from "./audit-trail.ts";
import { AuditVerifier } from "./audit-verify.ts";
import { auditedTables } from "./audited-tables.ts";
import { openDatabase } from "./database.ts";
import type { SqlStore } from "./sql-store.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const audit: AuditEntry = { actor: "u1", action: "startVpcep", resource: "cluster/c1" };

type Row = Record<string, unknown>;

function query(file: string, sql: string): Row[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

async function filled(): Promise<{ store: SqlStore; file: string; changes: (seq: number) => Row[] }> {
  const file = join(testDirectory(), "postern.db");
  const store = await openTestStore(file);
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.endpoints.insert(anEndpoint());
  });
  const sql = "select kind, resource_id as id, project_id, owner_project_id, before, after from audit_change";
  return { store, file, changes: (seq) => query(file, `${sql} where seq = ${seq} order by id`) };
}

test("a change is on record as it was and as it became, with nothing beside", async () => {
  const { store, changes } = await filled();
  await store.write(audit, async (tx) => {
    await tx.endpoints.setState(
      endpointId,
      { ...anEndpoint(), approval: "rejected", rejectedBy: "owner" },
      9,
    );
    await tx.clusters.touch(clusterId, 9);
  });
  const [change, ...more] = changes(2);
  expect(more).toEqual([]);
  expect(change).toMatchObject({
    kind: "endpoint",
    id: endpointId,
    project_id: projectId,
    owner_project_id: projectId,
  });
  const before = JSON.parse(String(change?.["before"])) as Row;
  const after = JSON.parse(String(change?.["after"])) as Row;
  expect(before).toEqual({ approval: "accepted", rejected_by: null });
  expect(after).toEqual({ approval: "rejected", rejected_by: "owner" });
});

test("a write that changes nothing that is audited has an entry without changes", async () => {
  const { store, changes } = await filled();
  await store.write(audit, (tx) => tx.clusters.touch(clusterId, 9));
  expect(changes(2)).toEqual([]);
});

test("what goes with a cluster is on record, with whose it was", async () => {
  const { store, changes } = await filled();
  await store.write(audit, (tx) => tx.clusters.delete(clusterId));
  const gone = changes(2);
  expect(gone.map(({ kind }) => kind)).toEqual(["cluster", "service", "endpoint"]);
  expect(gone.every(({ after }) => after === null)).toBe(true);
  expect(gone.at(-1)).toMatchObject({ project_id: projectId, owner_project_id: projectId });
});

test("a piece of work that fails leaves no change to the next one", async () => {
  const { store, changes } = await filled();
  const failing = store.write(audit, async (tx) => {
    await tx.services.update(aService({ enabled: false }));
    throw new Error("broken on purpose");
  });
  const next = store.write(audit, (tx) => tx.clusters.setState(clusterId, "adopted"));
  await expect(failing).rejects.toThrow("broken on purpose");
  await next;
  expect(changes(2).map(({ kind }) => kind)).toEqual(["cluster"]);
});

test("entries of work that was taken back are in no chain, and those before and after it are", async () => {
  const file = join(testDirectory(), "postern.db");
  const database = openDatabase(file);
  const authenticate = authenticator(Buffer.alloc(32, 1));
  const clock = new TestClock();
  beginTrail(database, authenticate, clock);
  const trail = new AuditTrail(database, authenticate, clock);
  const append = (action: string) => trail.append({ ...audit, action });
  const transact = (work: () => void, end: "commit" | "rollback" = "commit"): void => {
    database.exec("begin immediate");
    work();
    trail.seal();
    database.exec(end);
  };
  const takenBack = (action: string): void => {
    database.exec("savepoint piece");
    append(action);
    database.exec("rollback to piece; release piece");
  };
  transact(() => {
    takenBack("first of all");
    append("first");
    takenBack("between");
    append("second");
    takenBack("last");
  });
  transact(() => append("never"), "rollback");
  transact(() => takenBack("alone"));
  transact(() => append("third"));
  const all = database.prepare("select seq, action from audit_event order by seq").all();
  expect(all.map(({ seq, action }) => `${String(seq)} ${String(action)}`)).toEqual([
    "1 first",
    "2 second",
    "3 third",
  ]);
  const verifier = new AuditVerifier(database, authenticate);
  expect((await verifier.verify((work) => Promise.resolve(work()))).fault).toBeNull();
  database.close();
});

test("secrets are told of as changed, and nothing more", async () => {
  const { store, file } = await filled();
  await store.observe((tx) =>
    tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "not for the trail", lastSeenAt: null }),
  );
  await store.observe((tx) => tx.gateways.setTokenHash(gatewayId, "nor this for the trail"));
  await store.write(audit, (tx) => tx.clusters.delete(clusterId));
  await store.write(audit, (tx) =>
    tx.clusters.insert(aCluster({ sealedPassword: "not for the trail", ca: "not for the trail" })),
  );
  const [rotated] = query(file, "select after from audit_change where seq = 3");
  expect(JSON.parse(String(rotated?.["after"]))).toEqual({ token_hash: "changed" });
  const [change] = query(file, "select after from audit_change where seq = 5");
  expect(JSON.parse(String(change?.["after"]))).toMatchObject({
    sealed_password: "set",
    ca: "set",
    tags: [],
  });
  expect(JSON.stringify(query(file, "select * from audit_change"))).not.toContain("for the trail");
});

test("every table and column that the trail speaks of is there", async () => {
  const { file } = await filled();
  for (const { table, columns } of auditedTables) {
    const present = query(file, `select name from pragma_table_info('${table}')`).map(({ name }) => name);
    expect(present).toEqual(expect.arrayContaining(Object.keys(columns)));
  }
});

test("notes are entries of their own after the work's, in its transaction", async () => {
  const { store, file, changes } = await filled();
  const severed = {
    actor: `gateway/${gatewayId}`,
    action: "sessionsSevered",
    resource: `endpoint/${endpointId}`,
    projectId,
  };
  await store.observe(async (tx) => {
    tx.note(severed);
    tx.note({ ...severed, action: "nodeOut" });
    await tx.clusters.setState(clusterId, "adopted");
  });
  const failing = store.observe((tx) => {
    tx.note(severed);
    throw new Error("broken on purpose");
  });
  await expect(failing).rejects.toThrow("broken on purpose");
  expect(query(file, "select seq, action, project_id from audit_event where seq > 1")).toEqual([
    { seq: 2, action: "sessionsSevered", project_id: projectId },
    { seq: 3, action: "nodeOut", project_id: projectId },
  ]);
  expect(changes(2)).toHaveLength(1);
});

test.each([
  "update audit_event set actor = 'somebody else'",
  "update audit_change set after = null",
  "delete from audit_event",
  "delete from audit_change",
])("the database refuses: %s", async (sql) => {
  const { file } = await filled();
  const database = new DatabaseSync(file);
  try {
    expect(() => database.exec(sql)).toThrow(/audit trail is only added to/);
  } finally {
    database.close();
  }
});
