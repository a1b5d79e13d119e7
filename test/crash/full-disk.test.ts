import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

/** Data on a disk of 32 MiB in memory, and a directory elsewhere. */
let disk: string;
let elsewhere: string;
let node: SearchNode;
let postern: Postern;
beforeEach(async ({ skip }) => {
  skip(!isRoot, "A disk of a test's own needs root on Linux");
  disk = await mkdtemp(join(tmpdir(), "postern-disk-"));
  elsewhere = await mkdtemp(join(tmpdir(), "postern-elsewhere-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", disk]);
  node = await startNode();
  postern = await startPostern({ dataDir: join(disk, "data") });
});
afterEach(async () => {
  if (!isRoot) return;
  await postern.stop();
  await node.stop();
  execFileSync("umount", ["--lazy", disk]);
  await rm(disk, { recursive: true, force: true });
  await rm(elsewhere, { recursive: true, force: true });
});

async function leave(room: number): Promise<void> {
  await rm(join(disk, "hog"), { force: true });
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, "hog"), Buffer.alloc(bavail * bsize - room));
}

test("a server whose disk is full says so, carries on, and takes backups and writes again once there is room", async () => {
  const service = await Service.open(postern, "logs", [node]);
  const session = await openSession(await service.ownEndpoint());
  const before = await service.connections();
  const file = join(elsewhere, "backup.tar");
  // For nothing at all, and for the entry in the trail but not for a second database.
  for (const [room, reason] of [
    [0, /disk of the server's data is full, so nothing was changed/],
    [256 * 1024, /disk of the server's data is full|cannot be made: .*as much room/],
  ] as const) {
    await leave(room);
    const { code, stderr } = await postern.cli(["backup", file]);
    expect([room, code, stderr]).toEqual([room, 1, expect.stringMatching(reason)]);
    expect([room, existsSync(file), await readdir(elsewhere)]).toEqual([room, false, []]);
  }
  await leave(0);
  expect((await service.whitelist("*")).status).toBe(507);
  expect(await service.connections()).toEqual(before);
  await session.echo();
  await rm(join(disk, "hog"));
  ok(await service.whitelist("*"));
  expect((await postern.cli(["backup", file])).code).toBe(0);
  expect((await postern.cli(["check"])).code).toBe(0);
  expect((await readdir(postern.dataDir)).filter((name) => name.startsWith(".backup-"))).toEqual([]);
  session.close();
});
