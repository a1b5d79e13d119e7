import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { SnapshotFile } from "./snapshot-file.ts";
import { aSnapshot } from "./test-snapshot.ts";

test("what was written is read again, by another object too; the last one counts", async () => {
  const path = join(testDirectory(), "snapshot.json");
  await new SnapshotFile(path).write(aSnapshot(1, 50));
  await new SnapshotFile(path).write(aSnapshot(2));
  expect(await new SnapshotFile(path).read()).toEqual(aSnapshot(2));
});

test("only its owner may read it: it holds the nodes' credentials", async () => {
  const directory = testDirectory();
  const path = join(directory, "snapshot.json");
  await new SnapshotFile(path).write(aSnapshot(1));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["snapshot.json"]);
});

test.each([
  ["no file", undefined],
  ["an empty file", ""],
  ["half a snapshot", JSON.stringify(aSnapshot(1)).slice(0, -20)],
  ["another format", JSON.stringify({ ...aSnapshot(1), format: 2 })],
])("%s is as none", async (_name, content) => {
  const path = join(testDirectory(), "snapshot.json");
  if (content !== undefined) writeFileSync(path, content);
  expect(await new SnapshotFile(path).read()).toBeUndefined();
});

test("a file that a crash left half-written is never read", async () => {
  const path = join(testDirectory(), "snapshot.json");
  const file = new SnapshotFile(path);
  await file.write(aSnapshot(1));
  writeFileSync(`${path}.new`, '{"half');
  expect(await file.read()).toEqual(aSnapshot(1));
  await file.write(aSnapshot(2));
  expect(await file.read()).toEqual(aSnapshot(2));
});

test("a write that cannot be done fails and leaves the old one", async () => {
  const directory = testDirectory();
  const path = join(directory, "snapshot.json");
  const file = new SnapshotFile(path);
  await file.write(aSnapshot(1));
  // Also root cannot write a file where a directory is.
  mkdirSync(`${path}.new`);
  await expect(file.write(aSnapshot(2))).rejects.toThrow(/EISDIR/);
  expect(await file.read()).toEqual(aSnapshot(1));
});
