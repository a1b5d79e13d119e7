import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes a directory that is removed when the running test ends. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "postern-unit-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Gives `work` a directory that is removed when it is done: for what is made before any test runs. */
export async function inDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "postern-unit-"));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Runs `work` as a user whom file modes stop: they do not stop root, and tests run as root in many containers.
 * The directories on the way must be open to everybody.
 */
export function withoutPrivileges<Result>(work: () => Result): Result {
  const { getuid, seteuid } = process;
  if (getuid?.() !== 0 || !seteuid) return work();
  const nobody = 65_534;
  seteuid.call(process, nobody);
  try {
    return work();
  } finally {
    seteuid.call(process, 0);
  }
}
