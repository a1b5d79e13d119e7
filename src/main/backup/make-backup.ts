import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { copyDatabase, type DatabaseFacts } from "../../store/online-copy.ts";
import type { DataPaths } from "../paths.ts";
import {
  manifestName,
  partNames,
  renderManifest,
  type Manifest,
  type Part,
  type PartName,
} from "./manifest.ts";

const temporaryPrefix = ".backup-";

/** A backup on its way to whoever asked for it. */
export interface BackupStream {
  readonly manifest: Manifest;
  /** A tar archive. What it is made of is removed from the disk when it has been read, or is destroyed. */
  readonly archive: Readable;
}

/**
 * Makes a backup of a data directory, also while a server writes to it: the database as it is at one moment, and the
 * files without which it is of no use. It takes as much room there as the database, for as long as it is read.
 * @throws Error where the directory has no data, or no room
 */
export async function makeBackup(paths: DataPaths, version: string, now: Date): Promise<BackupStream> {
  const directory = await mkdtemp(join(paths.root, temporaryPrefix));
  const discard = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const facts = await copyParts(paths, directory);
    const manifest: Manifest = {
      format: 1,
      product: "postern",
      version,
      createdAt: now.toISOString(),
      ...facts,
      parts: await describeParts(directory),
    };
    await writeFile(join(directory, manifestName), renderManifest(manifest), { mode: 0o600 });
    const names = [manifestName, ...manifest.parts.map(({ name }) => name)];
    // Every server starts with this file: what makes archives is loaded by those that make one.
    const { create } = await import("tar");
    const pack = create({ cwd: directory, portable: true }, names);
    // Whoever reads hears of it by the archive. Who has given up took away what was still to be read.
    pack.on("error", () => undefined);
    const archive = Readable.from(pack, { objectMode: false });
    archive.once("close", () => void discard().catch(() => undefined));
    return { manifest, archive };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Removes what a process left that ended while it made a backup. */
export async function removeUnfinishedBackups({ root }: DataPaths): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(temporaryPrefix)) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function copyParts(paths: DataPaths, directory: string): Promise<DatabaseFacts> {
  const facts = await copyDatabase(paths.database, join(directory, "postern.db"));
  await copyFile(paths.secretKey, join(directory, "secret.key"));
  if (existsSync(paths.admin)) await copyFile(paths.admin, join(directory, "admin.json"));
  return facts;
}

async function describeParts(directory: string): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const name of partNames) {
    const path = join(directory, name);
    if (existsSync(path)) parts.push(await describePart(name, path));
  }
  return parts;
}

async function describePart(name: PartName, path: string): Promise<Part> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { name, bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}
