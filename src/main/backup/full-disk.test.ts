import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartError } from "../../lib/start-error.ts";
import { diskObstacle, TestDisk } from "../../lib/test-disk.ts";
import type { DataPaths } from "../paths.ts";
import { makeBackup } from "./make-backup.ts";
import { readBackup } from "./read-backup.ts";
import { completeRestore, completeStoppedRestore, restoreBackup } from "./restore.ts";
import { saveBackup } from "./save-backup.ts";
import { aDirectory, backupOf, facts, now } from "./test-data.ts";

const page = 4_096;
const diskBytes = 16 * 1024 * 1024;
const check = (): Promise<void> => Promise.resolve();

/** What a server owns in a directory, to be compared. */
function stateOf(paths: DataPaths): unknown {
  return [facts(paths), readFileSync(paths.secretKey).toString("hex"), readFileSync(paths.admin, "utf8")];
}

/** What of a failed attempt is left there. */
function remainsIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => /^\.|\.new$|\.part$|^before-|pending/.test(name));
}

/** Room to try, in bytes: page by page at first, then in steps that grow. */
function rooms(upTo: number): readonly number[] {
  const found: number[] = [];
  for (let pages = 0; pages * page <= upTo; pages += pages < 4 ? 1 : Math.min(pages, 48))
    found.push(pages * page);
  return found;
}

async function attempt(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    // Everything else would be told as a fault of the program.
    if (error instanceof StartError) return error.message;
    throw error;
  }
}

test("a restore onto a disk with too little room, whatever there is, changes nothing and says why", async ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const { paths: source, store } = await aDirectory(3);
  const file = await backupOf(source);
  await store.close();
  const disk = new TestDisk(diskBytes);
  const old = await aDirectory(7, undefined, join(disk.path, "data"));
  await old.store.close();
  const before = stateOf(old.paths);
  const options = { file, paths: old.paths, passphrase: undefined, isForced: true, check };
  let refused = 0;
  for (const room of rooms(diskBytes)) {
    disk.leave(room);
    const failure = await attempt(() => restoreBackup(options));
    disk.free();
    if (failure === undefined) break;
    expect([room, failure]).toEqual([room, expect.stringMatching(/room|free space/)]);
    // What a server does that starts next.
    completeRestore(old.paths);
    expect([room, stateOf(old.paths), remainsIn(old.paths.root)]).toEqual([room, before, []]);
    refused += 1;
  }
  expect(refused).toBeGreaterThan(6);
  expect(facts(old.paths)).toMatchObject({ revision: 3, restored: now.toISOString() });
  expect(readFileSync(old.paths.secretKey)).toEqual(readFileSync(source.secretKey));
}, 60_000);

test("a disk that takes no more files refuses a restore before it is decided on", async ({ skip }) => {
  skip(diskObstacle !== "", diskObstacle);
  const { paths: source } = await aDirectory(3);
  const file = await backupOf(source);
  const outcomes: (string | undefined)[] = [];
  const disk = new TestDisk(diskBytes, 40);
  const old = await aDirectory(7, undefined, join(disk.path, "data"));
  await old.store.close();
  const before = stateOf(old.paths);
  const options = { file, paths: old.paths, passphrase: undefined, isForced: true, check };
  for (let free = 0; free < 20; free += 1) {
    disk.leaveFiles(free);
    const failure = await attempt(() => restoreBackup(options));
    disk.free();
    outcomes.push(failure);
    if (failure === undefined) break;
    completeRestore(old.paths);
    expect([free, failure, stateOf(old.paths), remainsIn(old.paths.root)]).toEqual([
      free,
      expect.stringMatching(/room|free space|writable/),
      before,
      [],
    ]);
  }
  expect(outcomes.length).toBeGreaterThan(4);
  expect(facts(old.paths)).toMatchObject({ revision: 3 });
});

test("a disk that is full by the time a restore is to be decided on refuses it, whatever step finds out", async ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const file = await backupOf((await aDirectory(3)).paths);
  const disk = new TestDisk(diskBytes, 40);
  const old = await aDirectory(7, undefined, join(disk.path, "data"));
  await old.store.close();
  const before = stateOf(old.paths);
  for (const left of [0, 1]) {
    const fill = (): Promise<void> => Promise.resolve(disk.leaveFiles(left));
    const options = { file, paths: old.paths, passphrase: undefined, isForced: true, check: fill };
    const failure = await attempt(() => restoreBackup(options));
    disk.free();
    expect([left, failure]).toEqual([left, expect.stringMatching(/no space.*Nothing was changed/)]);
    expect([left, stateOf(old.paths), remainsIn(old.paths.root)]).toEqual([left, before, []]);
  }
});

test("a restore that fails once it is decided on keeps what is staged, says so, and is completed by the next start", async ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const { paths: source } = await aDirectory(3);
  const file = await backupOf(source);
  const old = await aDirectory(7);
  await old.store.close();
  const { secretKey } = old.paths;
  // What is mounted cannot be moved away.
  const hold = (): Promise<void> =>
    Promise.resolve(void execFileSync("mount", ["--bind", secretKey, secretKey]));
  const options = { file, paths: old.paths, passphrase: undefined, isForced: true };
  const failure = await attempt(() => restoreBackup({ ...options, check: hold }));
  execFileSync("umount", [secretKey]);
  expect(failure).toMatch(/is decided on, and could not be completed: EBUSY.*start the server there/);
  const again = await attempt(() => restoreBackup({ ...options, isForced: false, check }));
  expect(again).toMatch(/was stopped after it was decided on/);
  completeStoppedRestore(old.paths);
  expect(facts(old.paths)).toMatchObject({ revision: 3 });
  expect(readFileSync(secretKey)).toEqual(readFileSync(source.secretKey));
  expect(existsSync(old.paths.pendingRestore)).toBe(false);
});

test("a backup onto a disk with too little room leaves the one that is there, and nothing else", async ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const { paths } = await aDirectory(5);
  const disk = new TestDisk(diskBytes);
  const file = join(disk.path, "backup.tar");
  writeFileSync(file, readFileSync(await backupOf((await aDirectory(3)).paths)));
  const before = readFileSync(file);
  const options = { file, passphrase: undefined, isForced: true };
  let refused = 0;
  for (const room of rooms(diskBytes)) {
    disk.leave(room);
    const failure = await attempt(() =>
      saveBackup(options, async () => (await makeBackup(paths, "1.2.3", now)).archive),
    );
    if (failure === undefined) break;
    expect([room, failure]).toEqual([room, expect.stringMatching(/broke off: .*no space.*There is none/)]);
    expect([room, readFileSync(file).equals(before), remainsIn(disk.path)]).toEqual([room, true, []]);
    refused += 1;
  }
  expect(refused).toBeGreaterThan(6);
  expect(await readBackup(file, undefined, undefined)).toMatchObject({ revision: 5 });
  expect(remainsIn(paths.root)).toEqual([]);
});

test("a backup of data on a full disk leaves nothing there, and the data as they are", async ({ skip }) => {
  skip(diskObstacle !== "", diskObstacle);
  const disk = new TestDisk(diskBytes);
  const { paths } = await aDirectory(5, undefined, join(disk.path, "data"));
  const before = stateOf(paths);
  let refused = 0;
  for (const room of rooms(diskBytes)) {
    disk.leave(room);
    const made = await makeBackup(paths, "1.2.3", now).catch((error: Error) => error.message);
    if (typeof made !== "string") {
      made.archive.destroy();
      break;
    }
    expect([room, made]).toEqual([room, expect.stringMatching(/no space|full|I\/O error/)]);
    expect([room, stateOf(paths), remainsIn(paths.root)]).toEqual([room, before, []]);
    refused += 1;
  }
  expect(refused).toBeGreaterThan(5);
});
