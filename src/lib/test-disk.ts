import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { testDirectory } from "./test-directory.ts";

/** Why there is no `TestDisk` on this machine, in one line; "" where there is. */
export const diskObstacle =
  process.platform === "linux" && process.getuid?.() === 0
    ? ""
    : "A disk of a test's own needs root on Linux";

/** A small file system in memory, to be full in tests. It goes when the test ends. */
export class TestDisk {
  readonly path = testDirectory();

  /**
   * @param bytes its size, in whole KiB
   * @param files the most files and directories that it holds
   */
  constructor(bytes: number, files = 1_000) {
    const options = `size=${bytes / 1024}k,nr_inodes=${files},mode=700`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", this.path]);
    onTestFinished(() => void execFileSync("umount", ["--lazy", this.path]));
  }

  /** Fills it up but for some room, in bytes. */
  leave(room: number): void {
    this.free();
    mkdirSync(this.#hogs);
    const { bavail, bsize } = statfsSync(this.path);
    writeFileSync(join(this.#hogs, "hog"), Buffer.alloc(Math.max(0, bavail * bsize - room)));
  }

  /** Has it take no more files but some. */
  leaveFiles(count: number): void {
    this.free();
    mkdirSync(this.#hogs);
    const { ffree } = statfsSync(this.path);
    for (let n = count; n < ffree; n += 1) writeFileSync(join(this.#hogs, String(n)), "");
  }

  /** Gives back what was taken. */
  free(): void {
    rmSync(this.#hogs, { recursive: true, force: true });
  }

  get #hogs(): string {
    return join(this.path, "hogs");
  }
}
