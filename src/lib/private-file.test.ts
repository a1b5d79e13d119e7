import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writePrivateFile } from "./private-file.ts";
import { testDirectory } from "./test-directory.ts";
import { diskObstacle, TestDisk } from "./test-disk.ts";

test("makes the directory and the file for the owner alone, and replaces the content whole", () => {
  const directory = join(testDirectory(), "a", "b");
  const file = join(directory, "secret");
  writePrivateFile(file, "a much longer first content");
  writePrivateFile(file, Buffer.from("short"));
  expect(readFileSync(file, "utf8")).toBe("short");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

test("a file that others could read is private after it is replaced", () => {
  const file = join(testDirectory(), "secret");
  writeFileSync(file, "old", { mode: 0o644 });
  writePrivateFile(file, "new");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a disk that takes only a part of it leaves the content of before, and nothing beside it", ({
  skip,
}) => {
  skip(diskObstacle !== "", diskObstacle);
  const disk = new TestDisk(64 * 1024);
  const file = join(disk.path, "secret");
  writePrivateFile(file, "old");
  disk.leave(4_096);
  expect(() => writePrivateFile(file, "x".repeat(5_000))).toThrow("ENOSPC");
  disk.free();
  expect([readFileSync(file, "utf8"), readdirSync(disk.path)]).toEqual(["old", ["secret"]]);
});
