import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Maintenance, OutgoingBackup } from "../api/maintenance.ts";
import type { CheckReport } from "../domain/check/finding.ts";
import { PosternError } from "../domain/errors.ts";
import { makeBackup } from "./backup/make-backup.ts";
import { checkFilesAside } from "./check-data.ts";
import type { DataPaths } from "./paths.ts";

/** Whoever takes nothing of his backup for so long does not get the rest. */
const patienceMs = 60_000;

/** Backups and checks of the data that this process serves. */
export class DataMaintenance implements Maintenance {
  readonly #paths: DataPaths;
  readonly #version: string;
  readonly #patienceMs: number;
  #isBusy = false;
  #check: Promise<CheckReport> | undefined;

  /** @param patience how long a backup waits for its reader, in milliseconds */
  constructor(paths: DataPaths, version: string, patience = patienceMs) {
    this.#paths = paths;
    this.#version = version;
    this.#patienceMs = patience;
  }

  async backup(): Promise<OutgoingBackup> {
    if (this.#isBusy) {
      throw new PosternError("state_forbids", "Another backup is under way. Wait until it has ended.");
    }
    this.#isBusy = true;
    try {
      const { manifest, archive } = await makeBackup(this.#paths, this.#version, new Date());
      const { revision, createdAt } = manifest;
      const outgoing = impatient(archive, this.#patienceMs);
      outgoing.once("close", () => (this.#isBusy = false));
      return { revision, createdAt, archive: outgoing };
    } catch (error) {
      this.#isBusy = false;
      const reason = error instanceof Error ? error.message : String(error);
      throw new PosternError(
        "state_forbids",
        `The backup cannot be made: ${reason}. It needs as much room in the data directory as the database takes.`,
      );
    }
  }

  check(): Promise<CheckReport> {
    this.#check ??= checkFilesAside(this.#paths).finally(() => (this.#check = undefined));
    return this.#check;
  }
}

/** Passes a stream on, and gives it up when nothing of it has been taken for a while. */
function impatient(source: Readable, patience: number): Readable {
  const outgoing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      waiting.refresh();
      done(null, chunk);
    },
  });
  const waiting = setTimeout(() => outgoing.destroy(new Error("nobody took the backup")), patience);
  outgoing.once("close", () => clearTimeout(waiting));
  // A failure shows in what is passed on.
  pipeline(source, outgoing).catch(() => undefined);
  return outgoing;
}
