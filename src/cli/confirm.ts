import { createInterface } from "node:readline";
import { CliError, UsageError } from "./cli-error.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";

/**
 * Makes sure that somebody means to remove something. A dry run destroys nothing, so it asks nobody.
 * @param isConfirmed whether `--yes` was given
 * @param describe says what would be lost
 * @throws UsageError where nobody is there to ask
 * @throws CliError where the answer is not yes
 */
export async function requireConfirmation(
  { io, out, isDryRun }: CommandContext,
  name: string,
  isConfirmed: boolean,
  describe: () => string | Promise<string>,
): Promise<void> {
  if (isConfirmed || isDryRun) return;
  out.note(await describe());
  if (!io.isTerminal) {
    throw new UsageError(
      `${name} was not removed: nobody is there to ask.`,
      "Repeat it with --yes when you mean it.",
    );
  }
  if (await confirm(io, `Remove ${name}? [y/N] `)) return;
  throw new CliError(`${name} was not removed, as you did not say yes.`, "Nothing has changed.");
}

/** Asks on `stderr`, so that the question is seen where `stdout` goes to a file. Returns false for no answer. */
export async function confirm(io: Pick<CliIo, "stdin" | "stderr">, question: string): Promise<boolean> {
  io.stderr.write(question);
  const lines = createInterface({ input: io.stdin });
  for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
  return false;
}
