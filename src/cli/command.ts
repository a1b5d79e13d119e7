import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { ApiClient } from "./api-client.ts";
import type { CliIo } from "./io.ts";
import { Output } from "./output.ts";
import { findTarget } from "./target.ts";

/** What the code of a command works with. */
export interface CommandContext {
  readonly io: CliIo;
  readonly api: ApiClient;
  readonly out: Output;
  /** Whether writes only ask what they would do. */
  readonly isDryRun: boolean;
}

interface GlobalOptions {
  readonly json?: true;
  readonly data?: string;
  readonly dryRun?: true;
}

/** Of commands that `findCluster` finds the cluster for. */
export const clusterArgument = ["[cluster]", "name or id of the cluster (default: the only one)"] as const;

/** Adds a command that only asks the API, with the options that all of these have. */
export function readCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option("--json", "print JSON for programs")
    .option("--data <dir>", "data directory of the Postern to talk to (or POSTERN_DATA)");
}

/** Adds a command that changes something by the API. */
export function changeCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return readCommand(parent, nameAndArguments, description).option(
    "--dry-run",
    "change nothing: say what the change would do",
  );
}

/** For who shows what happens all the time: nothing is printed in between, and an answer that is late is of no use. */
const liveTimeoutMs = 5_000;

/**
 * Returns the context of a command that `changeCommand` made.
 * @param isLive whether the command has the screen to itself
 */
export function connect(io: CliIo, command: Command, isLive = false): CommandContext {
  const options = command.optsWithGlobals<GlobalOptions>();
  const out = new Output(io, options.json === true);
  const onWaiting = (text: string): void => {
    if (io.isTerminal && !isLive) out.note(text);
  };
  const isDryRun = options.dryRun === true;
  const timeoutMs = isLive ? liveTimeoutMs : undefined;
  const api = new ApiClient(findTarget(options.data, io.env), onWaiting, isDryRun, timeoutMs);
  return { io, out, isDryRun, api };
}

/** Returns a parser of whole numbers for an argument or option. */
export function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
  };
}

/** Parses an id of the API. Anything that could change the meaning of a path is refused here. */
export function parseId(text: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be an id: letters, digits and hyphens, at most 64.");
}

/** Parses one more value of an option or argument that may be repeated. */
export function repeated(
  parse: (text: string) => string,
): (text: string, previous: string[] | undefined) => string[] {
  return (text, previous) => [...(previous ?? []), parse(text)];
}
