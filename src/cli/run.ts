import type { Command } from "commander";
import { CommanderError } from "commander";
import { StartError } from "../lib/start-error.ts";
import { CliError } from "./cli-error.ts";
import { DryRunAnswer, printPlan } from "./dry-run.ts";
import type { CliIo } from "./io.ts";
import { Output } from "./output.ts";

/**
 * Runs one command line and tells every error on `stderr`, never with a stack trace.
 * @param args without the names of node and the script
 * @returns the exit status: 0 done, 1 refused or failed, 2 wrong usage
 */
export async function runProgram(program: Command, args: readonly string[], io: CliIo): Promise<0 | 1 | 2> {
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has written its own message; help and version that were asked for are no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof DryRunAnswer) {
      printPlan(new Output(io, args.includes("--json")), error.plan);
      return 0;
    }
    return report(error, new Output(io, false));
  }
}

function report(error: unknown, out: Output): 1 | 2 {
  if (error instanceof CliError) {
    out.note(`postern: ${error.message}\n${error.nextStep}`);
    return error.exitCode;
  }
  if (error instanceof StartError) {
    out.note(`postern: ${error.message}`);
    return 1;
  }
  const reason = error instanceof Error ? error.message : String(error);
  out.note(
    `postern: an unexpected fault stopped the command: ${reason}\nCheck what was done with postern status, then repeat it.`,
  );
  return 1;
}
