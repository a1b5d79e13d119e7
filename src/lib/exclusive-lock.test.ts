import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeExclusiveLock } from "./exclusive-lock.ts";
import { StartError } from "./start-error.ts";
import { testDirectory, withoutPrivileges } from "./test-directory.ts";

test("a second holder is told who holds it, and gets it after the release", () => {
  const file = join(testDirectory(), "data", "server.lock");
  const first = takeExclusiveLock(file, "Postern server", 0);
  expect(() => takeExclusiveLock(file, "Postern server", 0)).toThrow(StartError);
  expect(() => takeExclusiveLock(file, "Postern server", 0)).toThrow(
    /Another Postern server is already running/,
  );
  first.release();
  takeExclusiveLock(file, "Postern server", 0).release();
});

test("the death of its process frees it, and a waiter then gets it", async () => {
  const file = join(testDirectory(), "server.lock");
  const program = `
    const { takeExclusiveLock } = await import(${JSON.stringify(import.meta.resolve("./exclusive-lock.ts"))});
    globalThis.lock = takeExclusiveLock(process.argv[1], "test", 0);
    console.log("held");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(() => takeExclusiveLock(file, "test", 0)).toThrow(StartError);
  child.kill("SIGKILL");
  takeExclusiveLock(file, "test", 10_000).release();
});

test("a directory that cannot be written is named with the reason", () => {
  const directory = testDirectory();
  chmodSync(directory, 0o555);
  const take = (): unknown =>
    withoutPrivileges(() => takeExclusiveLock(join(directory, "up.lock"), "test", 0));
  expect(take).toThrow(StartError);
  expect(take).toThrow(`The data directory ${directory} cannot be used`);
});

test("a file where the directory should be is named with the reason", () => {
  const file = join(testDirectory(), "data");
  writeFileSync(file, "");
  expect(() => takeExclusiveLock(join(file, "up.lock"), "test", 0)).toThrow(StartError);
});
