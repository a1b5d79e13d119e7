import { readFileSync, statSync } from "node:fs";
import { CliError, UsageError } from "./cli-error.ts";
import type { CliIo } from "./io.ts";

/** How a user of the nodes is named on a command line. */
export interface NodeUserOptions {
  readonly username?: string;
  readonly passwordFile?: string;
}

/** The environment variable that holds the password where no file does. */
export const passwordVariable = "POSTERN_NODE_PASSWORD";

const passwordSizeLimit = 1_024;
const caSizeLimit = 100_000;

/**
 * Returns the password of the user that the options name; undefined where they name none.
 * There is no option for the password itself: every user of a machine can read command lines.
 * @throws UsageError where one is given without the other
 * @throws CliError where the file cannot be read
 */
export function nodePassword(options: NodeUserOptions, env: CliIo["env"]): string | undefined {
  if (options.username === undefined) {
    if (options.passwordFile === undefined) return undefined;
    throw new UsageError("--password-file is given without a user.", "Add --username NAME.");
  }
  if (options.passwordFile !== undefined) {
    return readLimited(options.passwordFile, passwordSizeLimit).replace(/\r?\n$/, "");
  }
  const password = env[passwordVariable];
  if (password !== undefined && password !== "") return password;
  throw new UsageError(
    "--username is given without a password.",
    `Add --password-file FILE, or set ${passwordVariable}.`,
  );
}

/** Returns the text of a file of PEM certificates. @throws CliError where it cannot be read, or is too large */
export function readCertificates(file: string): string {
  return readLimited(file, caSizeLimit);
}

function readLimited(file: string, limitBytes: number): string {
  try {
    if (statSync(file).size <= limitBytes) return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(`${file} cannot be read (${reason}).`, "Name a file that you may read.");
  }
  throw new CliError(`${file} is larger than ${limitBytes} bytes.`, "Name the right file.");
}
