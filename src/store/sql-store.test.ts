import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EndpointId, ProjectId, VpcId } from "../domain/ids.ts";
import type { AuditEntry } from "../domain/store.ts";
import {
  aCluster,
  anEndpoint,
  aService,
  aVpc,
  clusterId,
  endpointId,
  gatewayId,
  hexId,
  projectId,
  uuid,
} from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import type { SqlStore } from "./sql-store.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const audit: AuditEntry = { actor: "u1", action: "startVpcep", resource: "cluster/c1", requestId: "r1" };
const broken = new Error("broken on purpose");

/** Reads the file through a connection of its own: what is there is committed. */
function committed(file: string, sql: string): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

async function openWithFile(): Promise<{ store: SqlStore; file: string; clock: TestClock }> {
  const file = join(testDirectory(), "postern.db");
  const clock = new TestClock();
  return { store: await openTestStore(file, clock), file, clock };
}

describe("a write", () => {
  test("is durable with its revision and its audit entry when it resolves", async () => {
    const { store, file, clock } = await openWithFile();
    const done = await store.write(audit, async (tx, revision) => {
      await insertBasics(tx);
      return revision;
    });
    expect(done).toEqual({ result: 1, revision: 1 });
    expect(store.revision).toBe(1);
    expect(committed(file, "select value from revision")).toEqual([{ value: 1 }]);
    expect(committed(file, "select * from audit_event")).toMatchObject([
      {
        seq: 1,
        revision: 1,
        at: clock.now(),
        actor: "u1",
        action: "startVpcep",
        resource: "cluster/c1",
        request_id: "r1",
      },
    ]);
    expect(committed(file, "select name from cluster")).toEqual([{ name: "logs" }]);
  });

  test("that throws leaves nothing: no row, no revision, no audit entry, no news", async () => {
    const { store, file } = await openWithFile();
    const { generation } = store;
    const news: number[] = [];
    store.onRevision((revision) => news.push(revision));
    const work = store.write(audit, async (tx) => {
      await insertBasics(tx);
      throw broken;
    });
    await expect(work).rejects.toBe(broken);
    expect([store.revision, store.generation, news]).toEqual([0, generation, []]);
    expect(committed(file, "select value from revision")).toEqual([{ value: 0 }]);
    expect(committed(file, "select * from audit_event")).toEqual([]);
    expect(committed(file, "select * from account")).toEqual([]);
    // The store goes on, and no number was lost.
    expect((await store.write(audit, insertBasics)).revision).toBe(1);
  });

  test("that breaks a rule of the schema leaves nothing either", async () => {
    const { store, file } = await openWithFile();
    await store.write(audit, insertBasics);
    const work = store.write(audit, async (tx) => {
      await tx.services.update(aService({ enabled: false }));
      await tx.clusters.insert(aCluster({ id: uuid(99) as typeof clusterId }));
    });
    await expect(work).rejects.toThrow(/UNIQUE/);
    expect(committed(file, "select enabled from endpoint_service")).toEqual([{ enabled: 1 }]);
    expect(committed(file, "select count(*) as n from audit_event")).toEqual([{ n: 1 }]);
  });

  test("tells listeners of its revision once it is durable, until they have had enough", async () => {
    const { store, file } = await openWithFile();
    const news: unknown[] = [];
    const end = store.onRevision((revision) =>
      news.push([revision, store.revision, committed(file, "select value from revision")]),
    );
    await store.write(audit, insertBasics);
    end();
    await store.write(audit, () => Promise.resolve());
    expect(news).toEqual([[1, 1, [{ value: 1 }]]]);
  });

  test("beside others waits its turn: revisions are given once each, in order", async () => {
    const { store } = await openWithFile();
    await store.write(audit, insertBasics);
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const done = await Promise.all(
      numbers.map((n) =>
        store.write(audit, async (tx, revision) => {
          const used = await tx.endpoints.countInSubnet(anEndpoint().subnetId);
          // Each sees all that the ones before have written.
          const address = `127.80.1.${used}` as Ipv4;
          await tx.endpoints.insert(anEndpoint({ id: uuid(500 + n) as EndpointId, address }));
          return revision;
        }),
      ),
    );
    expect(done.map(({ revision }) => revision)).toEqual(numbers.map((n) => n + 2));
    expect(done.every(({ result, revision }) => result === revision)).toBe(true);
    expect(await store.endpoints.countInSubnet(anEndpoint().subnetId)).toBe(20);
  });
});

describe("an observation", () => {
  test("is durable, is a new generation, leaves the revision alone, and what it changes is on record", async () => {
    const { store, file } = await openWithFile();
    await store.write(audit, insertBasics);
    const { generation } = store;
    const news: number[] = [];
    store.onRevision((revision) => news.push(revision));
    expect(await store.observe(async (tx) => tx.endpoints.insert(anEndpoint()))).toBeUndefined();
    expect(committed(file, "select count(*) as n from endpoint")).toEqual([{ n: 1 }]);
    expect(committed(file, "select actor, action from audit_event where seq > 1")).toEqual([
      { actor: "system", action: "maintain" },
    ]);
    await store.observe((tx) => tx.gateways.setLastSeen(gatewayId, 1));
    expect(committed(file, "select count(*) as n from audit_event")).toEqual([{ n: 2 }]);
    expect([store.revision, news]).toEqual([1, []]);
    expect(store.generation).toBeGreaterThan(generation);
  });

  test("that throws leaves nothing", async () => {
    const { store, file } = await openWithFile();
    await store.write(audit, insertBasics);
    const { generation } = store;
    const work = store.observe(async (tx) => {
      await tx.endpoints.insert(anEndpoint());
      throw broken;
    });
    await expect(work).rejects.toBe(broken);
    expect(committed(file, "select * from endpoint")).toEqual([]);
    expect(store.generation).toBe(generation);
  });
});

test("a read sees one state, whatever is written meanwhile", async () => {
  const { store } = await openWithFile();
  await store.write(audit, insertBasics);
  const writing = Promise.withResolvers<unknown>();
  const [before, after] = await store.read(async (tx) => {
    const first = await tx.counts(projectId);
    writing.resolve(store.write(audit, (other) => other.endpoints.insert(anEndpoint())));
    await Promise.resolve();
    return [first, await tx.counts(projectId)];
  });
  await writing.promise;
  expect(before).toEqual({ clusters: 1, services: 1, endpoints: 0, unattached: 0 });
  expect(after).toEqual(before);
  const counted = { clusters: 1, services: 1, endpoints: 1, unattached: 0 };
  expect(await store.counts(projectId)).toEqual(counted);
  const none = { clusters: 0, services: 0, endpoints: 0, unattached: 0 };
  expect(await store.counts(hexId(77) as ProjectId)).toEqual(none);
  await store.networks.insertVpc(
    aVpc({ id: uuid(70) as VpcId, name: "recorded", attachment: { kind: "none" }, number: 2 }),
  );
  const kept = anEndpoint({
    id: uuid(71) as EndpointId,
    vpcId: uuid(70) as VpcId,
    address: "10.0.0.9" as Ipv4,
  });
  await store.endpoints.insert(kept);
  expect(await store.counts(projectId)).toEqual({ ...counted, endpoints: 2, unattached: 1 });
});

test("opened again, the store has everything, the revision included", async () => {
  const { store, file } = await openWithFile();
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.endpoints.insert(anEndpoint());
    await tx.setSetting("region", "region-9");
  });
  await store.write(audit, () => Promise.resolve());
  const state = await store.desiredState();
  expect(state).toEqual({
    revision: 2,
    clusters: [aCluster()],
    services: [aService()],
    endpoints: [anEndpoint()],
    kernelVpcs: [],
    unattachedVpcs: new Set(),
    resolvers: [],
    verifiedDomains: [],
  });
  await store.close();
  const again = await openTestStore(file);
  expect(again.revision).toBe(2);
  expect(await again.desiredState()).toEqual(state);
  expect(await again.setting("region")).toBe("region-9");
});

function url(path: string): string {
  return JSON.stringify(import.meta.resolve(path));
}

test("an acknowledged write outlives kill -9; one that was not committed never shows", async () => {
  const file = join(testDirectory(), "postern.db");
  const program = `
    const { SqlStore } = await import(${url("./sql-store.ts")});
    const { insertBasics } = await import(${url("./test-basics.ts")});
    const { anEndpoint } = await import(${url("../domain/test-fixtures.ts")});
    const store = await SqlStore.open(process.argv[1], { now: () => 1 }, Buffer.alloc(32, 7));
    const audit = { actor: "a", action: "b", resource: "c" };
    await store.write(audit, insertBasics);
    await store.write(audit, async (tx) => {
      await tx.endpoints.insert(anEndpoint());
      console.log("in the middle");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await openTestStore(file);
  expect(store.revision).toBe(1);
  expect(await store.clusters.find(clusterId)).toEqual(aCluster());
  expect(await store.endpoints.find(endpointId)).toBeUndefined();
});
