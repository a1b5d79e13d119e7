import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Writable, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Parser, type ReadEntry } from "tar";
import { isSealed, sealOpener, sealedHeaderBytes } from "../../lib/sealed-stream.ts";
import { StartError } from "../../lib/start-error.ts";
import { manifestName, parseManifest, partNames, smallPartLimitBytes, type Manifest } from "./manifest.ts";

/** A part as it was found. */
interface FoundPart {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Reads a backup and holds every byte of it against its manifest.
 * @param directory where the parts are put, for their owner alone, flushed to the disk; undefined only looks at them
 * @param passphrase of a backup that is sealed
 * @throws StartError where it cannot be read, is damaged or incomplete, or the passphrase is missing or wrong
 */
export async function readBackup(
  file: string,
  directory: string | undefined,
  passphrase: string | undefined,
): Promise<Manifest> {
  try {
    if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
    const found = new ArchiveReader(directory);
    await found.read(await openBackup(file, passphrase));
    return found.verified();
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (directory !== undefined && isFull(error)) {
      throw new StartError(
        `There is no room for the backup ${file} in ${directory}: ${reason}. Make room, and repeat it; nothing was changed.`,
      );
    }
    throw new StartError(
      `The backup ${file} cannot be used: ${reason}. Take another backup; nothing was changed.`,
    );
  }
}

function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

async function openBackup(file: string, passphrase: string | undefined): Promise<Readable> {
  const handle = await open(file, "r");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(sealedHeaderBytes), 0, sealedHeaderBytes, 0);
  await handle.close();
  const header = buffer.subarray(0, bytesRead);
  if (!isSealed(header)) return createReadStream(file);
  if (passphrase === undefined) {
    throw new StartError(
      `The backup ${file} is sealed with a passphrase. Name its file with --passphrase-file.`,
    );
  }
  // Nothing is taken apart before it is known that all of it is as it was: so it is opened twice.
  const opener = await sealOpener(passphrase, header);
  await pipeline(createReadStream(file, { start: header.length }), opener(), discard);
  return createReadStream(file, { start: header.length }).pipe(opener());
}

async function discard(source: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of source);
}

/** Takes an archive apart. What does not belong there, or comes twice, is refused as it comes. */
class ArchiveReader {
  readonly #directory: string | undefined;
  readonly #found = new Map<string, FoundPart>();
  #manifest: string | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  async read(source: Readable): Promise<void> {
    let work: Promise<void> = Promise.resolve();
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        work = work.then(() => this.#take(entry));
        // At once: an entry that nobody takes any more keeps the rest waiting for ever.
        work.catch(fail);
      },
    });
    parser.on("error", fail);
    const ended = once(parser, "end");
    ended.catch(() => undefined);
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (!parser.write(chunk)) await Promise.race([once(parser, "drain"), failed]);
    }
    parser.end();
    await Promise.race([ended, failed]);
    await work;
  }

  /** @throws Error where something is missing, or is not as the manifest says */
  verified(): Manifest {
    if (this.#manifest === undefined)
      throw new Error("it has no manifest, so it is no backup of Postern or was cut off");
    const manifest = parseManifest(this.#manifest);
    for (const { name, bytes, sha256 } of manifest.parts) {
      const found = this.#found.get(name);
      if (!found) throw new Error(`it lacks ${name}`);
      if (found.bytes !== bytes || found.sha256 !== sha256) throw new Error(`${name} in it is damaged`);
    }
    for (const name of ["postern.db", "secret.key"]) {
      if (!manifest.parts.some((part) => part.name === name)) throw new Error(`it lacks ${name}`);
    }
    if (this.#found.size > manifest.parts.length)
      throw new Error("it holds a file that its manifest does not name");
    return manifest;
  }

  async #take(entry: ReadEntry): Promise<void> {
    const { path } = entry;
    const isFile = entry.type === "File" || entry.type === "OldFile";
    if (path === manifestName && isFile && this.#manifest === undefined) {
      if (entry.size > smallPartLimitBytes) throw new Error("its manifest is too large");
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk);
      this.#manifest = Buffer.concat(chunks).toString("utf8");
      return;
    }
    if (!isFile || !partNames.some((name) => name === path) || this.#found.has(path)) {
      throw new Error(`it holds ${JSON.stringify(path.slice(0, 100))}, which does not belong in a backup`);
    }
    if (path !== "postern.db" && entry.size > smallPartLimitBytes)
      throw new Error(`${path} in it is too large`);
    this.#found.set(path, await this.#keep(path, entry));
  }

  async #keep(path: string, entry: ReadEntry): Promise<FoundPart> {
    const hash = createHash("sha256");
    const file =
      this.#directory === undefined ? undefined : await open(join(this.#directory, path), "wx", 0o600);
    let bytes = 0;
    try {
      await pipeline(
        entry,
        new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            hash.update(chunk);
            bytes += chunk.length;
            writeAll(file, chunk).then(() => done(), done);
          },
        }),
      );
      await file?.sync();
    } finally {
      await file?.close();
    }
    return { bytes, sha256: hash.digest("hex") };
  }
}

async function writeAll(file: FileHandle | undefined, chunk: Buffer): Promise<void> {
  await file?.appendFile(chunk);
}
