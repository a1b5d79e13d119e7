import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failToStart, leaveState, oneLine, stateNow } from "../support/bad-start.ts";

let dataDir: string;
let state: unknown;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "postern-damaged-"));
  state = await leaveState(dataDir);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const database = () => join(dataDir, "postern.db");

test.each([
  ["is no database at all", async () => await writeFile(database(), "x".repeat(100_000))],
  ["was cut off", async () => await truncate(database(), 20_000)],
  [
    "has pages of noise in the middle",
    async () => {
      const bytes = await readFile(database());
      bytes.fill(0xa5, 4_096, 5 * 4_096);
      await writeFile(database(), bytes);
    },
  ],
])("a database that %s is refused and left as it is; the backup works", async (_what, damage) => {
  const backup = await readFile(database());
  await damage();
  const damaged = await readFile(database());
  expect(await failToStart(dataDir)).toMatch(oneLine(/database .*postern\.db is damaged.*backup/));
  expect((await readFile(database())).equals(damaged)).toBe(true);
  await writeFile(database(), backup);
  expect(await stateNow(dataDir)).toEqual(state);
});

test("a lost or damaged key is refused, for a new one would lose every secret", async () => {
  const file = join(dataDir, "secret.key");
  const key = await readFile(file);
  await rm(file);
  expect(await failToStart(dataDir)).toMatch(oneLine(/key file .*secret\.key is missing/));
  await writeFile(file, "short");
  expect(await failToStart(dataDir)).toMatch(oneLine(/key file .*secret\.key is damaged/));
  await writeFile(file, key);
  expect(await stateNow(dataDir)).toEqual(state);
});

test("a damaged snapshot of the gateway is fetched anew", async () => {
  await writeFile(join(dataDir, "gateway", "snapshot.json"), '{"format":1,"endpoi');
  expect(await stateNow(dataDir)).toEqual(state);
});

test("the region that the first start has fixed stays", async () => {
  const stderr = await failToStart(dataDir, "--region", "cn-north-4");
  expect(stderr).toMatch(oneLine(/belongs to region region-1/));
  expect(await stateNow(dataDir)).toEqual(state);
});
