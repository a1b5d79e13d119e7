import { constants } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { StartError } from "./start-error.ts";

export interface RotationLimits {
  /** A file that would grow beyond is put aside first; in bytes, from 1. */
  readonly fileBytes: number;
  /** How many files are kept, the current one among them; from 1. */
  readonly files: number;
}

const mode = 0o640;
/** Passes without anybody's doing to the file: lines are refused until it has. */
const diskTrouble = new Set<unknown>(["ENOSPC", "EDQUOT", "EIO", "EROFS"]);
const newline = 0x0a;

/**
 * A file of whole lines that takes a bounded part of a disk: PATH is the current one, PATH.1 the one before it, and so
 * on. One call at a time.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #limits: RotationLimits;
  #file: FileHandle | undefined;
  #bytes = 0;

  private constructor(path: string, limits: RotationLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  /** Goes on with a file that is there. A disk in trouble is no hindrance: `append` tells of it. @throws StartError where the file cannot be written, or is none */
  static async open(path: string, limits: RotationLimits): Promise<RotatingFile> {
    const rotating = new RotatingFile(path, limits);
    try {
      const found = await stat(path).catch(() => undefined);
      if (found && !found.isFile()) throw new Error("it is no regular file");
      await rotating.#open();
    } catch (error) {
      await rotating.close();
      if (diskTrouble.has((error as NodeJS.ErrnoException).code)) return rotating;
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartError(
        `The file ${path} cannot be written: ${reason}. Name one in a directory that exists and is writable.`,
      );
    }
    return rotating;
  }

  /**
   * Appends lines, all or none of them, to the current file.
   * @param lines each ended by a line feed; together no more than a file may hold, or they get one of their own
   * @throws NodeJS.ErrnoException ENOSPC, EIO, ...; the file is as it was before, and the next call tries anew
   */
  async append(lines: Buffer): Promise<void> {
    if (this.#bytes > 0 && this.#bytes + lines.length > this.#limits.fileBytes) await this.#rotate();
    const file = this.#file ?? (await this.#open());
    try {
      await file.appendFile(lines);
      this.#bytes += lines.length;
    } catch (error) {
      // A full disk takes a part of what it is given: half a line is none.
      await file.truncate(this.#bytes).catch(() => this.close());
      throw error;
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
    const file = await open(this.#path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW, mode);
    this.#file = file;
    // The process's mask is stricter.
    await file.chmod(mode);
    const { size } = await file.stat();
    this.#bytes = size;
    if (size > 0) await this.#endLine(file, size);
    return file;
  }

  /** A process that was killed, or a machine that lost its power, may have left half a line. */
  async #endLine(file: FileHandle, size: number): Promise<void> {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer[0] === newline) return;
    await file.appendFile("\n");
    this.#bytes += 1;
  }

  /** Renames from the oldest to the newest: whenever it is stopped, no line is in two files, and none has gone early. */
  async #rotate(): Promise<void> {
    await this.close();
    const oldest = this.#limits.files - 1;
    if (oldest === 0) await rm(this.#path, { force: true });
    for (let number = oldest; number > 0; number -= 1) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
      await rename(from, `${this.#path}.${number}`).catch(ignoreMissing);
    }
    await this.#open();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
