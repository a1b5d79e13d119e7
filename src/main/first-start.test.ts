import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { AccountId, GatewayId } from "../domain/ids.ts";
import { anEndpoint, projectId, userId, vpcId } from "../domain/test-fixtures.ts";
import { Sealer } from "../lib/sealer.ts";
import { hashToken } from "../lib/secrets.ts";
import { StartError } from "../lib/start-error.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import {
  ensureAdministrator,
  ensureDnsAddresses,
  ensureLocalGateway,
  ensureRegion,
  ensureZone,
  finishRestore,
  loadSealer,
  noteWriter,
  readLineage,
} from "./first-start.ts";
import { readCredentials } from "./gateway-credentials.ts";
import { dataPaths, type DataPaths } from "./paths.ts";

const clock = new TestClock();
const endpoint = "http://127.0.0.1:9700";

async function fresh() {
  const paths = dataPaths(testDirectory());
  return { paths, store: await openTestStore(paths.database, clock) };
}

function readJson(path: string): Record<string, string> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
}

test("two new installations have two lineages, and one keeps its own over restarts", async () => {
  const { paths, store } = await fresh();
  const lineage = await readLineage(store);
  expect(lineage).toMatch(/^[0-9a-f]{32}$/);
  expect(await readLineage((await fresh()).store)).not.toBe(lineage);
  expect(await readLineage(await openTestStore(paths.database, clock))).toBe(lineage);
  await store.observe((tx) => tx.deleteSetting("lineage"));
  await expect(readLineage(store)).rejects.toThrow(StartError);
});

test("the version that serves the data is on record, the latest one", async () => {
  const { store } = await fresh();
  for (const version of ["1.0.0", "1.1.0", "1.1.0"]) await noteWriter(store, version);
  expect(await store.setting("written_by")).toBe("1.1.0");
  expect(store.generation).toBe(2);
});

test("after a restore whoever had signed in signs in again; what was handed out stays; once, and on record", async () => {
  const { paths, store } = await fresh();
  await store.observe(insertBasics);
  const token = { userId, projectId, createdAt: 1 };
  const key = { userId, sealedSecret: "s", createdAt: 1 };
  await store.observe(async ({ identity }) => {
    await identity.insertToken({ ...token, hash: "handed out", methods: [], expiresAt: null });
    await identity.insertToken({ ...token, hash: "signed in", methods: ["password"], expiresAt: 9 });
    await identity.insertAccessKey({ ...key, id: "AK", securityToken: null });
    await identity.insertAccessKey({ ...key, id: "TEMP", securityToken: { hash: "h", expiresAt: 9 } });
  });
  const left = async () => [
    await store.identity.tokenByHash("handed out"),
    await store.identity.tokenByHash("signed in"),
    await store.identity.accessKey("AK"),
    await store.identity.accessKey("TEMP"),
  ];
  await finishRestore(store);
  expect((await left()).every(Boolean)).toBe(true);
  await store.observe((tx) => tx.setSetting("restored", "2026-01-01"));
  await finishRestore(store);
  expect((await left()).map(Boolean)).toEqual([true, false, true, false]);
  expect(await store.setting("restored")).toBeUndefined();
  await finishRestore(store);
  const database = new DatabaseSync(paths.database, { readOnly: true });
  const entries = database
    .prepare("select action, resource from audit_event where action <> 'maintain'")
    .all();
  database.close();
  expect(entries).toEqual([{ action: "restoreBackup", resource: "backup/2026-01-01" }]);
});

describe("the key file", () => {
  test("is made by the first start, for its owner alone, and read by the next", () => {
    const paths = dataPaths(testDirectory());
    const sealed = loadSealer(paths).seal("secret");
    expect(statSync(paths.secretKey).mode & 0o777).toBe(0o600);
    expect(loadSealer(paths).unseal(sealed)).toBe("secret");
  });

  test("that is missing beside a database is never made anew", () => {
    const paths = dataPaths(testDirectory());
    writeFileSync(paths.database, "");
    expect(() => loadSealer(paths)).toThrow(StartError);
    expect(() => loadSealer(paths)).toThrow(/Restore it/);
    expect(existsSync(paths.secretKey)).toBe(false);
  });

  test("that is damaged is refused", () => {
    const paths = dataPaths(testDirectory());
    writeFileSync(paths.secretKey, randomBytes(31));
    expect(() => loadSealer(paths)).toThrow(StartError);
    expect(() => loadSealer(paths)).toThrow(/damaged/);
  });
});

describe("the region", () => {
  test("is what the first start was told, or the default, for ever", async () => {
    const { store } = await fresh();
    expect(await ensureRegion(store, "eu-9", "region-1")).toBe("eu-9");
    expect(await ensureRegion(store, undefined, "region-1")).toBe("eu-9");
    expect(await ensureRegion(store, "eu-9", "region-1")).toBe("eu-9");
    await expect(ensureRegion(store, "eu-8", "region-1")).rejects.toThrow(StartError);
    expect(await ensureRegion((await fresh()).store, undefined, "region-1")).toBe("region-1");
  });

  test.each(["", "EU", "eu.1", "-eu", "x".repeat(64), "eu\n"])("%j is none", async (wanted) => {
    const { store } = await fresh();
    await expect(ensureRegion(store, wanted, "region-1")).rejects.toThrow(StartError);
    expect(await store.setting("region")).toBeUndefined();
  });
});

describe("the zone of private names", () => {
  test("is what the first start was told, or the default, for ever", async () => {
    const { store } = await fresh();
    expect(await ensureZone(store, "names.example", "postern.internal")).toBe("names.example");
    expect(await ensureZone(store, undefined, "postern.internal")).toBe("names.example");
    await expect(ensureZone(store, "other.example", "postern.internal")).rejects.toThrow(StartError);
    expect(await ensureZone((await fresh()).store, undefined, "postern.internal")).toBe("postern.internal");
  });

  test.each(["", "Names", "a..b", "a.", "x".repeat(64)])("%j is none", async (wanted) => {
    const { store } = await fresh();
    await expect(ensureZone(store, wanted, "postern.internal")).rejects.toThrow(StartError);
    expect(await store.setting("zone")).toBeUndefined();
  });
});

test("networks whose named endpoints an earlier version made get an address for names, once", async () => {
  const { store } = await fresh();
  await insertBasics(store);
  await ensureDnsAddresses(store, clock);
  expect(store.revision).toBe(0);
  await store.observe((tx) => tx.endpoints.insert(anEndpoint({ dnsEnabled: true })));
  await ensureDnsAddresses(store, clock);
  expect(store.revision).toBe(1);
  expect((await store.networks.vpc(vpcId))?.dnsAddress).toBe("127.80.0.3");
  await ensureDnsAddresses(store, clock);
  expect(store.revision).toBe(1);
});

describe("the administrator", () => {
  const sealer = new Sealer(randomBytes(32));
  const keys = [
    "endpoint",
    "region",
    "account_id",
    "project_id",
    "user",
    "password",
    "access_key",
    "secret_key",
    "token",
  ];

  async function start(paths: DataPaths, store: Awaited<ReturnType<typeof fresh>>["store"], url = endpoint) {
    await ensureAdministrator(store, sealer, clock, paths, { region: "region-1", endpoint: url });
    return readJson(paths.admin);
  }

  test("is made once, an operator, and his credentials are in a file for the owner alone", async () => {
    const { paths, store } = await fresh();
    const admin = await start(paths, store);
    expect(Object.keys(admin)).toEqual(keys);
    expect(statSync(paths.admin).mode & 0o777).toBe(0o600);
    expect(admin).toMatchObject({ endpoint, region: "region-1", user: "admin" });
    const token = await store.identity.tokenByHash(hashToken(admin["token"] ?? ""));
    const user = token && (await store.identity.user(token.userId));
    expect([token?.projectId, token?.expiresAt]).toEqual([admin["project_id"], null]);
    expect(user).toMatchObject({ accountId: admin["account_id"], isOperator: true });
    expect(await start(paths, store)).toEqual(admin);
    expect((await store.identity.accounts({ offset: 0, limit: 10 })).total).toBe(1);
  });

  test("is told another address when the server has one", async () => {
    const { paths, store } = await fresh();
    const before = await start(paths, store);
    const after = await start(paths, store, "http://127.0.0.1:9800");
    expect(after).toEqual({ ...before, endpoint: "http://127.0.0.1:9800" });
    expect(statSync(paths.admin).mode & 0o777).toBe(0o600);
  });

  test("who took his credentials away does not get them again", async () => {
    const { paths, store } = await fresh();
    await start(paths, store);
    rmSync(paths.admin);
    await ensureAdministrator(store, sealer, clock, paths, { region: "region-1", endpoint });
    expect(existsSync(paths.admin)).toBe(false);
  });

  test("no account is left without its file", async () => {
    const { paths, store } = await fresh();
    // Also root cannot write a file where a directory is.
    mkdirSync(`${paths.admin}.new`);
    await expect(start(paths, store)).rejects.toThrow(/EISDIR/);
    expect((await store.identity.accounts({ offset: 0, limit: 10 })).total).toBe(0);
    rmSync(`${paths.admin}.new`, { recursive: true });
    const admin = await start(paths, store);
    expect(await store.identity.account(admin["account_id"] as AccountId)).toBeDefined();
  });
});

describe("the gateway of this machine", () => {
  test("is registered, and its token stays what it is from start to start", async () => {
    const { paths, store } = await fresh();
    await ensureLocalGateway(store, paths, endpoint);
    const credentials = readCredentials(paths.gatewayCredentials);
    expect(statSync(paths.gatewayCredentials).mode & 0o777).toBe(0o600);
    const gateway = await store.gateways.find(credentials?.gatewayId as GatewayId);
    expect(gateway).toMatchObject({ name: "local", tokenHash: hashToken(credentials?.token ?? "") });
    await ensureLocalGateway(store, paths, endpoint);
    expect(readCredentials(paths.gatewayCredentials)).toEqual(credentials);
    expect(await store.gateways.list()).toEqual([gateway]);
  });

  test("is told another address when the server has one", async () => {
    const { paths, store } = await fresh();
    await ensureLocalGateway(store, paths, endpoint);
    const before = readCredentials(paths.gatewayCredentials);
    await ensureLocalGateway(store, paths, "http://127.0.0.1:9800");
    expect(readCredentials(paths.gatewayCredentials)).toEqual({
      ...before,
      endpoint: "http://127.0.0.1:9800",
    });
  });

  test.each(["", "{", '{"endpoint":"http://x"}', undefined])(
    "whose credentials are lost (%j) keeps its id and gets a new token",
    async (left) => {
      const { paths, store } = await fresh();
      await ensureLocalGateway(store, paths, endpoint);
      const before = readCredentials(paths.gatewayCredentials);
      rmSync(paths.gatewayCredentials);
      mkdirSync(dirname(paths.gatewayCredentials), { recursive: true });
      if (left !== undefined) writeFileSync(paths.gatewayCredentials, left);
      expect(readCredentials(paths.gatewayCredentials)).toBeUndefined();
      await ensureLocalGateway(store, paths, endpoint);
      const after = readCredentials(paths.gatewayCredentials);
      expect(after?.gatewayId).toBe(before?.gatewayId);
      expect(after?.token).not.toBe(before?.token);
      const [gateway] = await store.gateways.list();
      expect(gateway?.tokenHash).toBe(hashToken(after?.token ?? ""));
    },
  );

  test("that comes from another installation is registered anew", async () => {
    const [here, there] = [await fresh(), await fresh()];
    await ensureLocalGateway(there.store, there.paths, endpoint);
    mkdirSync(dirname(here.paths.gatewayCredentials), { recursive: true });
    writeFileSync(here.paths.gatewayCredentials, readFileSync(there.paths.gatewayCredentials));
    await ensureLocalGateway(here.store, here.paths, endpoint);
    const credentials = readCredentials(here.paths.gatewayCredentials);
    expect(await here.store.gateways.find(credentials?.gatewayId as GatewayId)).toMatchObject({
      tokenHash: hashToken(credentials?.token ?? ""),
    });
  });
});
