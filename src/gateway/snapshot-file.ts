import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Snapshot } from "../domain/snapshot.ts";
import { parseSnapshot } from "./parse-snapshot.ts";

/** The last good snapshot on disk: what a gateway starts from when there is no server to ask. */
export class SnapshotFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns the snapshot, or undefined where there is none yet, or none that can be used. */
  async read(): Promise<Snapshot | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    return parseSnapshot(text);
  }

  /** Replaces the file. Durable when the promise resolves; a crash in between leaves the old or the new one, whole. */
  async write(snapshot: Snapshot): Promise<void> {
    const temporary = `${this.#path}.new`;
    // Holds the nodes' credentials.
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(snapshot));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    const directory = await open(dirname(this.#path), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
