import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { StartError } from "../lib/start-error.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { diskObstacle, TestDisk } from "../lib/test-disk.ts";
import { openDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { ask, copiesBeside, fileOfVersion } from "./test-old-file.ts";

const old = 4;
const present = migrations.length;
const rounds = 6;

/** An old file of some size: copying it takes a while. */
function aLargeFile(bytes: number, directory: string): string {
  const file = fileOfVersion(old, directory);
  const raw = new DatabaseSync(file);
  raw.prepare("insert into installation values ('padding', ?)").run("x".repeat(bytes));
  raw.close();
  return file;
}

/** Opens a file in a process of its own, and kills that some time after the nth change that it makes beside the file. */
async function killedOpening(file: string, changes: number, afterMs: number): Promise<void> {
  const module = JSON.stringify(import.meta.resolve("./database.ts"));
  const code = `import { openDatabase } from ${module}; openDatabase(${JSON.stringify(file)}).close();`;
  let seen = 0;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { timeout: 15_000 });
  const watcher = watch(dirname(file), () => {
    seen += 1;
    if (seen === changes) setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  await once(child, "exit");
  watcher.close();
}

test("whoever is killed while it brings a file up to date leaves the old one or the new one, and a copy that is whole or none", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const file = aLargeFile(20_000_000, testDirectory());
    const at = { changes: 1 + round, afterMs: Math.random() * 30 };
    await killedOpening(file, at.changes, at.afterMs);
    const version = ask(file, "pragma user_version");
    expect([at, version]).toEqual([at, version === present ? present : old]);
    const copies = copiesBeside(file).filter((name) => !name.includes(".new"));
    expect([at, copies.length]).toEqual([at, version === present ? 1 : copies.length]);
    for (const copy of copies) {
      const path = `${dirname(file)}/${copy}`;
      expect([at, ask(path, "pragma user_version"), ask(path, "pragma integrity_check")]).toEqual([
        at,
        old,
        "ok",
      ]);
    }
    openDatabase(file).close();
    expect([at, ask(file, "pragma user_version"), copiesBeside(file)]).toEqual([
      at,
      present,
      [`postern.db.before-${old}`],
    ]);
  }
}, 60_000);

test("with too little room for the copy or for the steps, whatever there is, the file stays as it is and the reason says so", ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const disk = new TestDisk(32 * 1024 * 1024);
  const file = aLargeFile(1_000_000, disk.path);
  const reasons = new Set<string>();
  for (let room = 0; ; room += 100 * 1024) {
    disk.leave(room);
    let failure: unknown;
    try {
      openDatabase(file).close();
    } catch (error) {
      failure = error;
    }
    disk.free();
    if (failure === undefined) break;
    expect(failure).toBeInstanceOf(StartError);
    const { message } = failure as StartError;
    expect(message).toMatch(/Make room for a second file|has free space/);
    reasons.add(message.includes("second file") ? "copy" : "steps");
    expect([room, ask(file, "pragma user_version"), ask(file, "pragma integrity_check")]).toEqual([
      room,
      old,
      "ok",
    ]);
    expect([room, readdirSync(disk.path).filter((name) => name.includes(".new"))]).toEqual([room, []]);
  }
  expect(ask(file, "pragma user_version")).toBe(present);
  expect([...reasons].toSorted()).toEqual(["copy", "steps"]);
});
