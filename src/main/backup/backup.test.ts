import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { takeExclusiveLock } from "../../lib/exclusive-lock.ts";
import { sealStream } from "../../lib/sealed-stream.ts";
import { StartError } from "../../lib/start-error.ts";
import { testDirectory } from "../../lib/test-directory.ts";
import { dataPaths, type DataPaths } from "../paths.ts";
import { makeBackup, removeUnfinishedBackups } from "./make-backup.ts";
import { readBackup } from "./read-backup.ts";
import { completeRestore, restoreBackup } from "./restore.ts";
import { aDirectory, audit, backupOf, facts, now } from "./test-data.ts";

const pass = (): Promise<void> => Promise.resolve();
const refuse = (): Promise<void> => Promise.reject(new StartError("found something"));

function restore(file: string, paths: DataPaths, wish: { isForced?: boolean; passphrase?: string } = {}) {
  const { isForced = false, passphrase } = wish;
  return restoreBackup({ file, paths, passphrase, isForced, check: pass });
}

describe("a backup", () => {
  test("of a store that is written to is the state of one moment, and leaves nothing behind", async () => {
    const { paths, store } = await aDirectory();
    const { manifest, archive } = await makeBackup(paths, "1.2.3", now);
    await store.write(audit, () => Promise.resolve());
    const file = join(testDirectory(), "backup.tar");
    await writeFile(file, archive);
    expect(manifest).toMatchObject({
      format: 1,
      version: "1.2.3",
      revision: 3,
      createdAt: now.toISOString(),
    });
    expect(manifest.parts.map(({ name }) => name)).toEqual(["postern.db", "secret.key", "admin.json"]);
    expect(await readBackup(file, undefined, undefined)).toEqual(manifest);
    await expect.poll(() => readdirSync(paths.root).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("that nobody reads to its end leaves nothing either, and what a killed process left goes", async () => {
    const { paths } = await aDirectory();
    const { archive } = await makeBackup(paths, "1.2.3", now);
    archive.destroy();
    // Also while files are being opened that go with it: nobody hears of that.
    const given = await makeBackup(paths, "1.2.3", now);
    for (const name of readdirSync(paths.root).filter((one) => one.startsWith(".backup-")))
      rmSync(join(paths.root, name), { recursive: true });
    given.archive.destroy();
    expect(await readBackup(await backupOf(paths), undefined, undefined)).toMatchObject({ revision: 3 });
    await expect.poll(() => readdirSync(paths.root).filter((name) => name.startsWith("."))).toEqual([]);
    mkdirSync(join(paths.root, ".backup-abc"));
    await removeUnfinishedBackups(paths);
    expect(existsSync(join(paths.root, ".backup-abc"))).toBe(false);
    expect(existsSync(paths.database)).toBe(true);
  });

  test("of a directory without data is refused, and leaves nothing", async () => {
    const paths = dataPaths(testDirectory());
    await expect(makeBackup(paths, "1.2.3", now)).rejects.toThrow(Error);
    expect(readdirSync(paths.root)).toEqual([]);
  });
});

describe("a backup that is not whole is refused, with the reason:", () => {
  test("one byte of any part, a cut at any place, no archive, and a file that is not there", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    const bytes = readFileSync(file);
    const key = bytes.indexOf(readFileSync(paths.secretKey));
    for (const place of [600, key, bytes.indexOf("SQLite format") + 5_000, bytes.indexOf('{"token"')]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
      writeFileSync(file, changed);
      await expect(readBackup(file, undefined, undefined)).rejects.toThrow(StartError);
    }
    for (const length of [0, 100, 1_024, 20_000, key + 10]) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(readBackup(file, undefined, undefined)).rejects.toThrow(
        /cannot be used: .*nothing was changed/,
      );
    }
    await expect(readBackup(`${file}.no`, undefined, undefined)).rejects.toThrow(/ENOENT/);
  });

  test.each([
    ["a file of another name", ["../evil"], /does not belong in a backup/],
    ["a link", ["link"], /does not belong|damaged|lacks/],
    ["no manifest", ["postern.db"], /no manifest/],
  ])("%s", async (_what, names, reason) => {
    const directory = testDirectory();
    const inner = join(directory, "inner");
    mkdirSync(inner);
    for (const name of names) writeFileSync(join(inner, name), "x");
    const file = join(directory, "backup.tar");
    await create({ cwd: inner, file, preservePaths: true }, names);
    const target = join(directory, "target");
    await expect(readBackup(file, target, undefined)).rejects.toThrow(reason);
    expect(readdirSync(target).filter((name) => name !== "postern.db")).toEqual([]);
  });

  test("sealed, and the passphrase is missing or wrong", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    const sealed = Readable.from([readFileSync(file)]).pipe(await sealStream("long and secret"));
    writeFileSync(file, await buffer(sealed));
    await expect(readBackup(file, undefined, undefined)).rejects.toThrow(/--passphrase-file/);
    const staged = join(testDirectory(), "staged");
    await expect(readBackup(file, staged, "wrong")).rejects.toThrow(/passphrase is wrong/);
    expect(readdirSync(staged)).toEqual([]);
    expect(await readBackup(file, undefined, "long and secret")).toMatchObject({ revision: 3 });
    const target = dataPaths(join(testDirectory(), "new"));
    await restore(file, target, { passphrase: "long and secret" });
    expect(facts(target)).toMatchObject({ revision: 3 });
    // Each guess at a passphrase is dear.
  }, 60_000);
});

describe("a restore", () => {
  test("puts everything in place for its owner alone, with a lineage of its own", async () => {
    const { paths, key } = await aDirectory();
    const file = await backupOf(paths);
    const target = dataPaths(join(testDirectory(), "new"));
    const { manifest, aside } = await restore(file, target);
    expect([manifest.revision, aside]).toEqual([3, undefined]);
    expect(readFileSync(target.secretKey)).toEqual(key);
    expect(readFileSync(target.admin, "utf8")).toBe('{"token":"t"}');
    expect(facts(target)).toMatchObject({ revision: 3, restored: now.toISOString() });
    const lineages = [paths, target].map((place) => (facts(place) as { lineage: string }).lineage);
    expect(new Set(lineages).size).toBe(2);
    expect(lineages[1]).toMatch(/^[0-9a-f]{32}$/);
    const names = readdirSync(target.root).filter((name) => !name.includes(".lock"));
    expect(names.toSorted()).toEqual(["admin.json", "postern.db", "secret.key"]);
    for (const name of names) expect(statSync(join(target.root, name)).mode & 0o077).toBe(0);
  });

  test("into a directory with data wants to be forced, and puts them aside, all that a server owns and nothing else", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    const other = await aDirectory(7);
    await other.store.close();
    mkdirSync(other.paths.gateway);
    writeFileSync(other.paths.gatewaySnapshot, "{}");
    writeFileSync(`${other.paths.database}-wal`, "");
    const before = facts(other.paths);
    await expect(restore(file, other.paths)).rejects.toThrow(/not empty.*--force/);
    expect(facts(other.paths)).toEqual(before);
    const { aside = "" } = await restore(file, other.paths, { isForced: true });
    expect(facts(other.paths)).toMatchObject({ revision: 3 });
    expect(facts(dataPaths(aside))).toEqual(before);
    expect(readFileSync(join(aside, "secret.key"))).toEqual(other.key);
    expect(existsSync(`${other.paths.database}-wal`)).toBe(false);
    expect(readFileSync(other.paths.gatewaySnapshot, "utf8")).toBe("{}");
  });

  test("while a server or postern up runs there is refused", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    for (const [lock, holder] of [
      [paths.serverLock, "Postern server"],
      [paths.upLock, "postern up"],
    ] as const) {
      const held = takeExclusiveLock(lock, "test", 0);
      await expect(restore(file, paths, { isForced: true })).rejects.toThrow(new RegExp(`Another ${holder}`));
      held.release();
    }
    expect(facts(paths)).toMatchObject({ revision: 3, restored: undefined });
  });

  test("that is refused, for the backup or by the check, changes nothing", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    const target = await aDirectory(7);
    const before = facts(target.paths);
    const options = { file, paths: target.paths, passphrase: undefined, isForced: true };
    await expect(restoreBackup({ ...options, check: refuse })).rejects.toThrow("found something");
    writeFileSync(file, readFileSync(file).subarray(0, 20_000));
    await expect(restoreBackup({ ...options, check: pass })).rejects.toThrow(/cannot be used/);
    expect(facts(target.paths)).toEqual(before);
    expect(
      readdirSync(target.paths.root).filter((name) => name.startsWith(".") || name.startsWith("before")),
    ).toEqual([]);
  });

  test("that was stopped after any step is completed by the next start", async () => {
    const { paths } = await aDirectory();
    const file = await backupOf(paths);
    const steps = [
      "postern.db-wal",
      "postern.db",
      "postern.db aside",
      "secret.key aside",
      "secret.key",
      "admin.json",
    ];
    for (let stopped = 0; stopped <= steps.length; stopped += 1) {
      const { paths: target, store, key } = await aDirectory(7);
      await store.close();
      writeFileSync(`${target.database}-wal`, "old");
      const staging = join(target.root, ".restore-abc123");
      await readBackup(file, staging, undefined);
      const aside = join(target.root, "before-restore-2026");
      const moves: readonly (readonly [string, string])[] = [
        [`${target.database}-wal`, join(aside, "postern.db-wal")],
        [target.database, join(aside, "postern.db")],
        [join(staging, "postern.db"), target.database],
        [target.secretKey, join(aside, "secret.key")],
        [join(staging, "secret.key"), target.secretKey],
        [target.admin, join(aside, "admin.json")],
      ];
      const parts = ["postern.db", "secret.key", "admin.json"];
      const plan = { staging: basename(staging), aside: basename(aside), parts };
      writeFileSync(target.pendingRestore, JSON.stringify(plan));
      mkdirSync(aside);
      for (const [from, to] of moves.slice(0, stopped)) renameSync(from, to);
      completeRestore(target);
      completeRestore(target);
      expect(facts(target)).toMatchObject({ revision: 3 });
      expect(readFileSync(target.secretKey)).toEqual(readFileSync(paths.secretKey));
      expect(readdirSync(aside).toSorted()).toEqual([
        "admin.json",
        "postern.db",
        "postern.db-wal",
        "secret.key",
      ]);
      expect(readFileSync(join(aside, "secret.key"))).toEqual(key);
      expect([existsSync(staging), existsSync(target.pendingRestore)]).toEqual([false, false]);
    }
  });

  test("that was stopped before it was decided on has changed nothing, and its remains go", async () => {
    const { paths } = await aDirectory();
    const { paths: target, key } = await aDirectory(7);
    const staging = join(target.root, ".restore-abc123");
    await readBackup(await backupOf(paths), staging, undefined);
    completeRestore(target);
    expect([readFileSync(target.secretKey).equals(key), existsSync(staging)]).toEqual([true, false]);
    expect(facts(target)).toMatchObject({ revision: 7 });
  });

  test("of a backup of a newer schema says which version to use", async () => {
    const { paths, store } = await aDirectory();
    await store.observe((tx) => tx.setSetting("written_by", "9.9.9"));
    const database = new DatabaseSync(paths.database);
    database.exec("pragma user_version = 9999");
    database.close();
    const file = await backupOf(paths);
    const target = dataPaths(join(testDirectory(), "new"));
    await expect(restore(file, target)).rejects.toThrow(/Postern 9\.9\.9 wrote it last/);
    expect(existsSync(target.database)).toBe(false);
  });
});
