import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RotatingFile } from "./rotating-file.ts";
import { StartError } from "./start-error.ts";
import { testDirectory } from "./test-directory.ts";
import { diskObstacle, TestDisk } from "./test-disk.ts";

const big = { fileBytes: 1_000_000, files: 3 };

async function opened(path: string, limits = big): Promise<RotatingFile> {
  const file = await RotatingFile.open(path, limits);
  onTestFinished(() => file.close());
  return file;
}

function contents(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .toSorted()
      .map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

test("keeps so many files of so many bytes, the newest lines in the one that is named", async () => {
  const directory = testDirectory();
  const file = await opened(join(directory, "log"), { fileBytes: 8, files: 3 });
  for (const line of ["1a\n", "1b\n", "2a\n", "2b\n", "3a\n", "3b\n", "4a\n"])
    await file.append(Buffer.from(line));
  expect(contents(directory)).toEqual({ log: "4a\n", "log.1": "3a\n3b\n", "log.2": "2a\n2b\n" });
  await file.append(Buffer.from("longer than a file\n"));
  expect(contents(directory)).toMatchObject({ log: "longer than a file\n", "log.1": "4a\n" });
});

test("a single file begins anew", async () => {
  const directory = testDirectory();
  const file = await opened(join(directory, "log"), { fileBytes: 4, files: 1 });
  for (const line of ["1\n", "2\n", "3\n"]) await file.append(Buffer.from(line));
  expect(contents(directory)).toEqual({ log: "3\n" });
});

test("goes on with what is there, and ends a line that a killed process left", async () => {
  const directory = testDirectory();
  const path = join(directory, "log");
  writeFileSync(path, '{"a":1}\n{"b"');
  const limits = { fileBytes: 20, files: 2 };
  const file = await opened(path, limits);
  await file.append(Buffer.from("c\n"));
  expect(contents(directory)).toEqual({ log: '{"a":1}\n{"b"\nc\n' });
  await file.append(Buffer.from("12345\n"));
  expect(contents(directory)).toEqual({ "log.1": '{"a":1}\n{"b"\nc\n', log: "12345\n" });
});

test("its owner writes, his group reads, whatever the process's mask", async () => {
  const path = join(testDirectory(), "log");
  const before = process.umask(0o077);
  try {
    const file = await opened(path, { fileBytes: 2, files: 2 });
    await file.append(Buffer.from("1\n"));
    await file.append(Buffer.from("2\n"));
  } finally {
    process.umask(before);
  }
  for (const name of [path, `${path}.1`]) expect(statSync(name).mode & 0o777).toBe(0o640);
});

test("a file that somebody has removed is made anew with the next rotation", async () => {
  const directory = testDirectory();
  const path = join(directory, "log");
  const file = await opened(path, { fileBytes: 4, files: 2 });
  await file.append(Buffer.from("1\n2\n"));
  execFileSync("rm", [path]);
  await file.append(Buffer.from("3\n"));
  expect(contents(directory)).toEqual({ log: "3\n" });
});

test("what is no file, or in no directory, is refused with what to do", async () => {
  const directory = testDirectory();
  mkdirSync(join(directory, "directory"));
  symlinkSync("/etc/passwd", join(directory, "link"));
  for (const path of ["directory", "missing/log", "link"].map((name) => join(directory, name))) {
    await expect(RotatingFile.open(path, big)).rejects.toThrow(StartError);
    await expect(RotatingFile.open(path, big)).rejects.toThrow(/Name one in a directory that exists/);
  }
  await expect(RotatingFile.open("/dev/null", big)).rejects.toThrow("it is no regular file");
});

test("a full disk takes no half line, and once there is room it goes on", async ({ skip }) => {
  skip(diskObstacle !== "", diskObstacle);
  const disk = new TestDisk(16_384);
  const directory = disk.path;
  disk.leave(8_192);
  const file = await RotatingFile.open(join(directory, "log"), big);
  const line = `${"y".repeat(2_999)}\n`;
  await file.append(Buffer.from(line));
  await expect(file.append(Buffer.from(line.repeat(2)))).rejects.toThrow("ENOSPC");
  expect(readFileSync(join(directory, "log"), "utf8")).toBe(line);
  disk.free();
  await file.append(Buffer.from(line));
  expect(readFileSync(join(directory, "log"), "utf8")).toBe(line.repeat(2));
  await file.close();
  disk.leave(4_096);
  // Not even the new file fits, and yet it is no reason not to start.
  const other = await opened(join(directory, "other"));
  await expect(other.append(Buffer.from(line.repeat(3)))).rejects.toThrow("ENOSPC");
});
