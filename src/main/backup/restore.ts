import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { isJsonObject } from "../../cli/json.ts";
import { takeExclusiveLock } from "../../lib/exclusive-lock.ts";
import { writePrivateFile } from "../../lib/private-file.ts";
import { StartError } from "../../lib/start-error.ts";
import { openDatabase } from "../../store/database.ts";
import type { DataPaths } from "../paths.ts";
import { partNames, type Manifest } from "./manifest.ts";
import { readBackup } from "./read-backup.ts";

export interface RestoreOptions {
  readonly file: string;
  readonly paths: DataPaths;
  readonly passphrase: string | undefined;
  /** Put data that are there aside. */
  readonly isForced: boolean;
  /** Looks at the database in a directory like a data directory's; throws where it is not to be put in place. */
  readonly check: (directory: string) => Promise<void>;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where the data are that were there before, or undefined. */
  readonly aside: string | undefined;
}

/** What a server owns in a data directory; all else stays as it is in a restore. */
const serverFiles = ["postern.db-wal", "postern.db-shm", ...partNames] as const;
/** Not in the way of a restore: locks, process ids, and what a gateway owns, which goes on meanwhile. */
const harmless =
  /^(?:(?:up|server)\.lock.*|run|gateway|\.restore-.*|restore\.pending\.new|\.backup-.*|before-restore-.*)$/;
const stagingPrefix = ".restore-";

/**
 * Puts a backup in place of a data directory's server files: all of it, or nothing, whatever ends it. Its revisions get
 * a new lineage, so that gateways which know later ones follow.
 * @throws StartError where a server runs there, the directory has data and `isForced` is not set, or the backup cannot be used
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { paths, isForced } = options;
  refuseData(paths, isForced);
  const up = takeExclusiveLock(paths.upLock, "postern up", 0);
  try {
    const server = takeExclusiveLock(paths.serverLock, "Postern server", 0);
    return await restoreUnlocked(options).finally(() => server.release());
  } finally {
    up.release();
  }
}

async function restoreUnlocked(options: RestoreOptions): Promise<Restored> {
  const { paths } = options;
  const staging = join(paths.root, `${stagingPrefix}${randomBytes(6).toString("hex")}`);
  try {
    completeRestore(paths);
    const manifest = await readBackup(options.file, staging, options.passphrase);
    prepareDatabase(join(staging, "postern.db"), manifest);
    await options.check(staging);
    return { manifest, aside: putInPlace(paths, staging, manifest) };
  } catch (error) {
    throw explain(error, paths);
  } finally {
    // Of a restore that is decided on, what is staged may be all that there is.
    if (!existsSync(paths.pendingRestore)) rmSync(staging, { recursive: true, force: true });
  }
}

/** What the disk and the database say is told with what becomes of the restore. */
function explain(error: unknown, { root, pendingRestore }: DataPaths): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  return new StartError(
    existsSync(pendingRestore)
      ? `The restore into ${root} is decided on, and could not be completed: ${error.message}. Look for room on its disk, and ` +
          "start the server there: it completes the restore before anything else."
      : `The restore into ${root} failed: ${error.message}. Nothing was changed; look for room on its disk, and repeat it.`,
  );
}

/**
 * Finishes a restore that was stopped after it was decided on. To be called before the data are used, under the
 * server's lock. What was stopped before has changed nothing; its remains are removed.
 */
export function completeRestore(paths: DataPaths): void {
  const plan = readPlan(paths.pendingRestore);
  if (plan) {
    const staging = join(paths.root, plan.staging);
    const aside = join(paths.root, plan.aside);
    for (const name of serverFiles) moveOne(paths.root, name, staging, aside, plan.parts.includes(name));
    flush(paths.root);
    rmSync(paths.pendingRestore, { force: true });
  }
  rmSync(`${paths.pendingRestore}.new`, { force: true });
  for (const name of existsSync(paths.root) ? readdirSync(paths.root) : []) {
    if (name.startsWith(stagingPrefix)) rmSync(join(paths.root, name), { recursive: true, force: true });
  }
}

/**
 * Finishes a restore that was stopped, for who only reads the data; a server does so as it starts.
 * @throws StartError where somebody else is about it
 */
export function completeStoppedRestore(paths: DataPaths): void {
  if (!existsSync(paths.pendingRestore)) return;
  const lock = takeExclusiveLock(paths.serverLock, "Postern server", 0);
  try {
    completeRestore(paths);
  } finally {
    lock.release();
  }
}

function refuseData({ root, pendingRestore }: DataPaths, isForced: boolean): void {
  if (isForced) return;
  if (existsSync(pendingRestore)) {
    throw new StartError(
      `A restore into ${root} was stopped after it was decided on. Start the server there, which completes it, or restore ` +
        "again with --force.",
    );
  }
  const present = existsSync(root) ? readdirSync(root).filter((name) => !harmless.test(name)) : [];
  if (present.length === 0) return;
  throw new StartError(
    `The directory ${root} is not empty: it holds ${present.slice(0, 3).join(", ")}. Name another one, or put what is ` +
      "there aside with --force.",
  );
}

/** Brings the schema up to date, and makes the revisions ones of their own. */
function prepareDatabase(file: string, manifest: Manifest): void {
  const database = openDatabase(file);
  try {
    const set = database.prepare("replace into installation values (?, ?)");
    set.run("lineage", randomBytes(16).toString("hex"));
    set.run("restored", manifest.createdAt);
    database.exec("pragma journal_mode = delete");
  } finally {
    database.close();
  }
}

/** The steps of a restore that is decided on; names below the data directory. */
interface RestorePlan {
  readonly staging: string;
  readonly aside: string;
  readonly parts: readonly string[];
}

/** Each step can be repeated: whoever is stopped between two goes on where it was. */
function moveOne(root: string, name: string, staging: string, aside: string, isPart: boolean): void {
  const [present, staged] = [join(root, name), join(staging, name)];
  if (isPart && !existsSync(staged)) return;
  if (existsSync(present)) {
    mkdirSync(aside, { recursive: true, mode: 0o700 });
    renameSync(present, join(aside, name));
  }
  if (isPart) renameSync(staged, present);
}

function putInPlace(paths: DataPaths, staging: string, manifest: Manifest): string | undefined {
  const hasOld = serverFiles.some((name) => existsSync(join(paths.root, name)));
  const name = `before-restore-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  const aside = join(paths.root, name);
  const parts = manifest.parts.map((part) => part.name);
  const plan: RestorePlan = { staging: basename(staging), aside: name, parts };
  flush(staging);
  // All that the moves take of the disk is taken before the restore is decided on.
  if (hasOld) mkdirSync(aside, { mode: 0o700 });
  try {
    // From here on a server that starts completes it.
    writePrivateFile(paths.pendingRestore, JSON.stringify(plan));
  } catch (error) {
    if (hasOld) rmdirSync(aside);
    throw error;
  }
  flush(paths.root);
  completeRestore(paths);
  return hasOld ? aside : undefined;
}

function readPlan(file: string): RestorePlan | undefined {
  if (!existsSync(file)) return undefined;
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isPlan =
    isJsonObject(value) &&
    /^\.restore-[0-9a-f]+$/.test(String(value["staging"])) &&
    /^before-restore-[0-9TZ-]+$/.test(String(value["aside"])) &&
    Array.isArray(value["parts"]);
  if (isPlan) return value as unknown as RestorePlan;
  throw new StartError(
    `The file ${file} of a restore that was stopped is damaged. Remove it, and restore the backup again with --force.`,
  );
}

function flush(directory: string): void {
  const opened = openSync(directory, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
