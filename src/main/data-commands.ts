import { resolve } from "node:path";
import type { Command } from "commander";
import { printCheck, withOffline, type CheckAnswer } from "../cli/check.ts";
import { UsageError } from "../cli/cli-error.ts";
import { readCommand, connect } from "../cli/command.ts";
import type { CliIo } from "../cli/io.ts";
import { Output } from "../cli/output.ts";
import type { CheckReport } from "../domain/check/finding.ts";
import { dataPaths, defaultData, type DataPaths } from "./paths.ts";

interface DataFlags {
  readonly data?: string;
  readonly offline?: true;
  readonly force?: true;
  readonly despiteFindings?: true;
  readonly passphraseFile?: string;
  readonly json?: true;
}

const passphraseHelp = "file with the passphrase that the backup is sealed with";

/** Adds `postern backup`, `restore` and `check`. What they need beyond the CLI is loaded when they run. */
export function addDataCommands(program: Command, io: CliIo): void {
  withOffline(readCommand(program, "backup <file>", "write all data into one file, while the server runs"))
    .option("--passphrase-file <file>", passphraseHelp)
    .option("--force", "replace a file that is there")
    .addHelpText(
      "after",
      "\nThe file holds every secret of the installation, also sealed ones with their key. Keep it as you keep those.",
    )
    .action(async (file: string, _flags: DataFlags, command: Command) => backup(io, resolve(file), command));
  program
    .command("restore <file>")
    .description("put a backup in place of a data directory; its server must not run")
    .option("--data <dir>", `data directory (or POSTERN_DATA; default ${defaultData})`)
    .option("--passphrase-file <file>", passphraseHelp)
    .option("--force", "put data that are there aside, into a directory beside them")
    .option("--despite-findings", "also where the check finds something in the backup")
    .option("--json", "print JSON for programs")
    .action(async (file: string, _flags: DataFlags, command: Command) => restore(io, resolve(file), command));
  withOffline(readCommand(program, "check [file]", "hold all data, or a backup's, against the invariants"))
    .option("--passphrase-file <file>", passphraseHelp)
    .action(async (file: string | undefined, _flags: DataFlags, command: Command) =>
      check(io, file, command),
    );
}

async function backup(io: CliIo, file: string, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<DataFlags>();
  const { readPassphrase, saveBackup } = await import("./backup/save-backup.ts");
  const options = {
    file,
    passphrase: await readPassphrase(flags.passphraseFile),
    isForced: flags.force === true,
  };
  const out = new Output(io, flags.json === true);
  const saved = flags.offline
    ? await saveOffline(options, pathsOf(io, flags), io.version)
    : await saveBackup(options, () =>
        connect(io, command).api.download("POST", ["postern", "v1", "backups"]),
      );
  const { revision, createdAt, version } = saved.manifest;
  if (out.isJson) out.json({ file, bytes: saved.bytes, revision, created_at: createdAt, version });
  else {
    out.line(
      `Saved ${file}: ${saved.bytes} bytes, revision ${revision} of ${createdAt}, read back and found whole.`,
    );
    out.note("It holds every secret of the installation. Keep it as you keep those.");
  }
}

async function saveOffline(
  options: { readonly file: string; readonly passphrase: string | undefined; readonly isForced: boolean },
  paths: DataPaths,
  version: string,
) {
  const { makeBackup, removeUnfinishedBackups } = await import("./backup/make-backup.ts");
  const { completeRestore } = await import("./backup/restore.ts");
  const { saveBackup } = await import("./backup/save-backup.ts");
  const { takeExclusiveLock } = await import("../lib/exclusive-lock.ts");
  const { requireData } = await import("./check-data.ts");
  requireData(paths);
  const lock = takeExclusiveLock(paths.serverLock, "Postern server", 0);
  try {
    completeRestore(paths);
    await removeUnfinishedBackups(paths);
    return await saveBackup(options, async () => (await makeBackup(paths, version, new Date())).archive);
  } finally {
    lock.release();
  }
}

async function restore(io: CliIo, file: string, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<DataFlags>();
  const { restoreBackup } = await import("./backup/restore.ts");
  const { readPassphrase } = await import("./backup/save-backup.ts");
  const { checkFilesAside } = await import("./check-data.ts");
  const paths = pathsOf(io, flags);
  const out = new Output(io, flags.json === true);
  process.umask(0o077);
  const { manifest, aside } = await restoreBackup({
    file,
    paths,
    passphrase: await readPassphrase(flags.passphraseFile),
    isForced: flags.force === true,
    check: async (directory) => {
      const report = await checkFilesAside(dataPaths(directory));
      if (report.total > 0 && !flags.despiteFindings) printCheck(new Output(io, false), answerOf(report));
    },
  });
  const { revision, createdAt, version } = manifest;
  if (out.isJson)
    out.json({ data: paths.root, revision, created_at: createdAt, version, put_aside: aside ?? null });
  else {
    out.line(
      `Restored revision ${revision} of ${createdAt}, made by Postern ${version}, into ${paths.root}.`,
    );
    if (aside !== undefined) out.line(`What was there before is in ${aside}.`);
    out.line(`Start it with: postern up --data ${paths.root}`);
    out.note(
      "Whoever had signed in signs in again. Keys and tokens that were handed out are as they were at the backup, also " +
        "those that were revoked since: see postern key list. Do not run it beside the installation that it comes from.",
    );
  }
}

async function check(io: CliIo, file: string | undefined, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<DataFlags>();
  const out = new Output(io, flags.json === true);
  if (file !== undefined && flags.offline) {
    throw new UsageError("A backup is read without a server anyway.", "Leave out --offline, or the file.");
  }
  if (file === undefined && !flags.offline) {
    const { api } = connect(io, command);
    printCheck(out, await api.get<CheckAnswer>(["postern", "v1", "check"]));
    return;
  }
  const { checkBackup } = await import("./backup/check-backup.ts");
  const { completeStoppedRestore } = await import("./backup/restore.ts");
  const { checkFiles } = await import("./check-data.ts");
  const { readPassphrase } = await import("./backup/save-backup.ts");
  const paths = pathsOf(io, flags);
  if (file === undefined) completeStoppedRestore(paths);
  const report =
    file === undefined
      ? await checkFiles(paths)
      : await checkBackup(resolve(file), await readPassphrase(flags.passphraseFile));
  printCheck(out, answerOf(report));
}

function answerOf({ revision, rows, findings, total }: CheckReport): CheckAnswer {
  return { revision, rows_checked: rows, findings, total_count: total };
}

function pathsOf({ env }: CliIo, { data }: DataFlags): DataPaths {
  return dataPaths(resolve(data ?? (env["POSTERN_DATA"] || defaultData)));
}
