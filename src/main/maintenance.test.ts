import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { Sealer } from "../lib/sealer.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { aCluster, anEndpoint } from "../domain/test-fixtures.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import { checkFiles } from "./check-data.ts";
import { auditKeyPurpose } from "./first-start.ts";
import { DataMaintenance } from "./maintenance.ts";
import { dataPaths } from "./paths.ts";

const audit = { actor: "a", action: "b", resource: "c" };

async function aDirectory() {
  const paths = dataPaths(testDirectory());
  const key = randomBytes(32);
  const sealer = new Sealer(key);
  const store = await openTestStore(paths.database, undefined, sealer.deriveKey(auditKeyPurpose));
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.endpoints.insert(anEndpoint());
  });
  writeFileSync(paths.secretKey, key);
  return { paths, store, sealer };
}

test("one backup is made at a time; the next may begin when it has been read, or was given up", async () => {
  const { paths } = await aDirectory();
  const data = new DataMaintenance(paths, "1.2.3", 50);
  const first = await data.backup();
  await expect(data.backup()).rejects.toThrow(/Another backup is under way/);
  expect((await buffer(first.archive)).length).toBeGreaterThan(10_000);
  // Nobody reads this one.
  await expect.poll(() => data.backup().catch(() => undefined)).toMatchObject({ revision: 1 });
  await expect(data.backup()).rejects.toThrow(/Another backup is under way/);
  const last = await vi.waitFor(() => data.backup(), 5_000);
  expect((await buffer(last.archive)).length).toBeGreaterThan(10_000);
});

test("a backup that cannot be made says why, and is not in the way of the next", async () => {
  const data = new DataMaintenance(dataPaths(`${testDirectory()}/missing`), "1.2.3");
  for (let n = 0; n < 2; n += 1) await expect(data.backup()).rejects.toThrow(/cannot be made: ENOENT/);
});

test("a check of sound data finds nothing, while they are written to; it opens what is sealed", async () => {
  const { paths, store, sealer } = await aDirectory();
  const data = new DataMaintenance(paths, "1.2.3");
  expect(await data.check()).toMatchObject({ revision: 1, findings: [], total: 0 });
  const secure = aCluster({
    id: "00000000-0000-4000-8000-0000000000aa" as never,
    name: "secure",
    username: "u",
  });
  await store.write(audit, (tx) => tx.clusters.insert({ ...secure, sealedPassword: sealer.seal("secret") }));
  expect(await data.check()).toMatchObject({ revision: 2, findings: [] });
  writeFileSync(paths.secretKey, randomBytes(32));
  expect((await checkFiles(paths)).findings).toMatchObject([
    { where: `cluster/${secure.id}` },
    { where: expect.stringMatching(/^audit\//), what: expect.stringContaining("was changed") },
  ]);
});
