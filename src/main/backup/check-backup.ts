import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckReport } from "../../domain/check/finding.ts";
import { openDatabase } from "../../store/database.ts";
import { checkFiles } from "../check-data.ts";
import { dataPaths } from "../paths.ts";
import { readBackup } from "./read-backup.ts";

/**
 * Checks the data in a backup, as a restore with this version would have them.
 * @throws StartError where the backup cannot be used
 */
export async function checkBackup(file: string, passphrase: string | undefined): Promise<CheckReport> {
  const directory = await mkdtemp(join(tmpdir(), "postern-check-"));
  try {
    await readBackup(file, directory, passphrase);
    const paths = dataPaths(directory);
    openDatabase(paths.database).close();
    return await checkFiles(paths);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
