import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { operations } from "./operations.ts";
import type { Answer } from "./test-server.ts";
import { signed } from "./test-signer.ts";
import { callWith, startWorld, type World } from "./test-world.ts";

/** What writes nothing though its method says so. */
const writesNothing = new Set([
  "ListResourceInstances",
  "VerifyAuditLines",
  "ProbeCluster",
  "AddEndpointServiceServerResource",
  "UpdateEndpointPolicy",
  "DeleteEndpointPolicy",
  "UpdateEndpointRoutetable",
]);
const writes = operations
  .filter(({ id, method }) => method !== "GET" && !writesNothing.has(id))
  .map(({ id, method, path }) => ({ id, method, path }));
const dryRun = { "x-postern-dry-run": "true" };

/** Reads every committed row, or those of one table, through a connection of its own. */
function rows({ file }: World, only?: string): Record<string, unknown[]> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
    const names = tables.map(({ name }) => String(name)).filter((name) => name === (only ?? name));
    return Object.fromEntries(names.map((name) => [name, database.prepare(`select * from "${name}"`).all()]));
  } finally {
    database.close();
  }
}

function audits(world: World): Record<string, unknown>[] {
  return rows(world, "audit_event")["audit_event"] as Record<string, unknown>[];
}

describe("a write", () => {
  test.each(writes)("$id is rehearsed without a trace, and leaves one audit entry", async (row) => {
    const world = await startWorld();
    const { id, method, path } = row;
    const before = rows(world);
    const { generation } = world.server.store;
    const rehearsed = await callWith(world, id, method, path, dryRun);
    expect([rehearsed.status, rehearsed.headers["x-postern-dry-run"], rehearsed.text]).toEqual([
      200,
      "true",
      expect.stringContaining('"dry_run":true'),
    ]);
    expect(rehearsed.headers["x-subject-token"]).toBeUndefined();
    expect(rows(world)).toEqual(before);
    expect(world.server.store.generation).toBe(generation);

    const done = await callWith(world, id, method, path, {});
    expect(done.status).toBeLessThan(300);
    const [entry, ...more] = audits(world).slice(before["audit_event"]?.length);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      action: rehearsed.body["action"],
      revision: world.server.store.revision,
      request_id: done.headers["x-request-id"],
      actor: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});

function signIn({ server }: World, name: string, password: string): Promise<Answer> {
  const user = { name, password, domain: { name: "owner" } };
  const payload = { auth: { identity: { methods: ["password"], password: { user } } } };
  return server.inject({ method: "POST", url: "/v3/auth/tokens", payload, headers: dryRun });
}

test("failures lock also where they are rehearsed, and the lock is on record, once", async () => {
  const world = await startWorld();
  const { length } = audits(world);
  for (let n = 0; n < 8; n += 1) expect((await signIn(world, "owner", "wrong")).status).toBe(401);
  expect((await signIn(world, "owner", "right")).status).toBe(401);
  expect(audits(world).slice(length)).toMatchObject([{ action: "lockPassword" }]);
});

test("an access key that is locked is on record too", async () => {
  const world = await startWorld();
  const { length } = audits(world);
  const url = `/v1.0/${world.owner.projectId}/clusters`;
  const ask = () =>
    world.server.inject(signed({ id: "AKowner", secret: "SX" }, url, world.server.clock.now()));
  for (let n = 0; n < 8; n += 1) expect((await ask()).status).toBe(401);
  expect(audits(world).slice(length)).toMatchObject([{ action: "lockKey", resource: "key/AKowner" }]);
});

test("a name that nobody has is locked without a record: anybody can make up more", async () => {
  const world = await startWorld();
  const { length } = audits(world);
  for (let n = 0; n < 7; n += 1) await signIn(world, "nobody", "wrong");
  expect(audits(world)).toHaveLength(length);
});
