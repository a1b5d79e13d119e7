import { join } from "node:path";
import { expect, test } from "vitest";
import { diskObstacle, TestDisk } from "../lib/test-disk.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const audit = { actor: "a", action: "b", resource: "c" };

test("on a full disk writes are refused with the reason, reads go on, and once there is room so do writes", async ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const disk = new TestDisk(16 * 1024 * 1024);
  const store = await openTestStore(join(disk.path, "postern.db"));
  await store.write(audit, insertBasics);
  disk.leave(0);
  const write = (): Promise<unknown> =>
    store.write(audit, (tx) => tx.setSetting("region", "x".repeat(100_000)));
  const refused = await Promise.allSettled([write(), write(), store.write(audit, () => Promise.resolve())]);
  expect(refused).toMatchObject(
    refused.map(() => ({ status: "rejected", reason: { kind: "storage_full" } })),
  );
  expect([store.revision, await store.setting("region")]).toEqual([1, undefined]);
  disk.free();
  await write();
  expect(store.revision).toBe(2);
  expect(await store.audit.verify()).toMatchObject({ fault: null });
});
