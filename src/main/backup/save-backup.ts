import { existsSync } from "node:fs";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sealStream } from "../../lib/sealed-stream.ts";
import { StartError } from "../../lib/start-error.ts";
import type { Manifest } from "./manifest.ts";
import { readBackup } from "./read-backup.ts";

const shortestPassphrase = 8;
const longestPassphrase = 4_096;

export interface SaveOptions {
  readonly file: string;
  /** Seals the backup; undefined leaves it open. */
  readonly passphrase: string | undefined;
  /** Whether a file that is there is replaced. */
  readonly isForced: boolean;
}

/**
 * Writes a backup to a file, for its owner alone, and reads it back before it gets its name: under that name there is
 * a whole backup or none.
 * @param archive where it comes from; called once the file can be written
 * @throws StartError where the file cannot be written, or what came is not whole
 */
export async function saveBackup(
  { file, passphrase, isForced }: SaveOptions,
  archive: () => Promise<Readable | ReadableStream<Uint8Array>>,
): Promise<{ readonly manifest: Manifest; readonly bytes: number }> {
  if (existsSync(file) && !isForced) {
    throw new StartError(`The file ${file} exists. Name another one, or replace it with --force.`);
  }
  const temporary = `${file}.part`;
  try {
    await write(temporary, await archive(), passphrase);
    const manifest = await readBackup(temporary, undefined, passphrase);
    const { size: bytes } = await stat(temporary);
    await rename(temporary, file);
    await flush(dirname(file));
    return { manifest, bytes };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function write(
  file: string,
  archive: Readable | ReadableStream<Uint8Array>,
  passphrase: string | undefined,
): Promise<void> {
  await rm(file, { force: true });
  const handle = await open(file, "wx", 0o600).catch((error: Error) => {
    throw new StartError(
      `The file ${file} cannot be written: ${error.message}. Name one in a directory that is writable.`,
    );
  });
  try {
    const through = passphrase === undefined ? new PassThrough() : await sealStream(passphrase);
    await pipeline(archive, through, async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) await handle.appendFile(chunk);
    });
    await handle.sync();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The backup broke off: ${reason}. There is none; look for room on the disk and at the server's log.`,
    );
  } finally {
    await handle.close();
  }
}

async function flush(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads a passphrase: the first line of a file. @throws StartError where it cannot be read, or is too short */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new StartError(`The passphrase cannot be read from ${file}: ${error.message}.`);
  });
  const [passphrase = ""] = text.split(/\r?\n/);
  if (passphrase.length >= shortestPassphrase && passphrase.length <= longestPassphrase) return passphrase;
  throw new StartError(
    `The passphrase in ${file} has ${passphrase.length} characters. Use ${shortestPassphrase} to ${longestPassphrase}, in one line.`,
  );
}
