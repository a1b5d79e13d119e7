import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import type { Output } from "./output.ts";

/** What a check says, as the API answers it. */
export interface CheckAnswer {
  readonly revision: number;
  readonly rows_checked: number;
  readonly findings: readonly { readonly where: string; readonly what: string; readonly next: string }[];
  readonly total_count: number;
}

/** Prints what a check says. @throws CliError where it found something: the exit status is 1 then */
export function printCheck(out: Output, answer: CheckAnswer): void {
  const { findings, total_count: total, rows_checked: rows, revision } = answer;
  if (out.isJson) out.json(answer);
  else {
    for (const { where, what, next } of findings) out.line(`${where}: ${what}\n  ${next}`);
    if (total === 0) out.line(`Sound: ${rows} rows at revision ${revision} break no invariant.`);
    else if (total > findings.length) out.line(`... and ${total - findings.length} more.`);
  }
  if (total > 0) {
    throw new CliError(
      `The check found ${total === 1 ? "one thing" : `${total} things`} that should not be, in ${rows} rows at revision ${revision}.`,
      "Take a backup of the data as they are before you change anything: postern backup FILE",
    );
  }
}

/** Adds the options that say which data are meant, to a command that can do without a server. */
export function withOffline(command: Command): Command {
  return command.option("--offline", "read the data directory itself: no server has to run");
}
