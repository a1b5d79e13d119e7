import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { CheckReport } from "../domain/check/finding.ts";
import { authenticator } from "../lib/authenticator.ts";
import { Sealer } from "../lib/sealer.ts";
import { StartError } from "../lib/start-error.ts";
import { checkDatabase } from "../store/check-database.ts";
import { migrations } from "../store/migrations.ts";
import { auditKeyPurpose } from "./first-start.ts";

/** What a check looks at: where the files are. */
export interface CheckedFiles {
  readonly database: string;
  readonly secretKey: string;
}

const busyTimeoutMs = 5_000;

/** Checks the data of a directory, also while a server writes to them. @throws StartError where there are none that can be read */
export async function checkFiles({ database: file, secretKey }: CheckedFiles): Promise<CheckReport> {
  requireData({ database: file });
  const sealer = readKey(secretKey);
  const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  try {
    const { user_version: schema } = database.prepare("pragma user_version").get() ?? {};
    if (schema !== migrations.length) {
      throw new StartError(
        `The database ${file} has schema version ${String(schema)}, and this Postern checks version ${migrations.length}. ` +
          "Start the server on it once with this version, which brings it up to date, or check it with the version that wrote it.",
      );
    }
    return await checkDatabase(database, {
      unseal: (sealed) => sealer.unseal(sealed),
      authenticate: authenticator(sealer.deriveKey(auditKeyPurpose)),
    });
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`The database ${file} cannot be read: ${reason}. Restore it from a backup.`);
  } finally {
    database.close();
  }
}

/** @throws StartError where a directory has no data */
export function requireData({ database }: Pick<CheckedFiles, "database">): void {
  if (existsSync(database)) return;
  throw new StartError(`There is no database ${database}. Name the data directory with --data.`);
}

function readKey(file: string): Sealer {
  try {
    return new Sealer(readFileSync(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`The key file ${file} cannot be used: ${reason}. Restore it from a backup.`);
  }
}

/** The same on a thread of its own: nobody waits for it. */
export function checkFilesAside(files: CheckedFiles): Promise<CheckReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("check-worker.ts", import.meta.url), { workerData: files });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the check ended without a result")));
  });
}
