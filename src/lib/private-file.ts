import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file (and makes its directory) that only its owner may read. A crash, or a full
 * disk, leaves the old or the new content, whole.
 * @throws NodeJS.ErrnoException
 */
export function writePrivateFile(path: string, content: string | Buffer): void {
  const temporary = `${path}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(temporary, "w", 0o600);
  try {
    // Unlike a single write it says so when a full disk takes only a part.
    writeFileSync(file, content);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
