import { resolve } from "node:path";
import type { Command } from "commander";
import type { RotationLimits } from "../lib/rotating-file.ts";
import { StartError } from "../lib/start-error.ts";

/** Where ended sessions are recorded, and how much of a disk that may take. */
export interface FlowLogSettings extends RotationLimits {
  readonly path: string;
}

/** What the command line says of it. */
export interface FlowLogFlags {
  readonly flowLog?: string;
  readonly flowLogMib: string;
  readonly flowLogFiles: string;
}

const mebibyte = 1024 * 1024;

export function withFlowLog(command: Command): Command {
  return command
    .option("--flow-log <file>", "write a JSON line there for every session that ends")
    .option("--flow-log-mib <n>", "begin another file of the flow log beyond so many MiB", "64")
    .option("--flow-log-files <n>", "keep so many files of the flow log", "8");
}

/** Undefined where there is to be no flow log. @throws StartError */
export function readFlowLog({
  flowLog,
  flowLogMib,
  flowLogFiles,
}: FlowLogFlags): FlowLogSettings | undefined {
  const fileBytes = readNumber(flowLogMib, 4_096, "size of a flow log in MiB") * mebibyte;
  const files = readNumber(flowLogFiles, 1_000, "number of flow log files");
  return flowLog === undefined ? undefined : { path: resolve(flowLog), fileBytes, files };
}

/** The arguments that say the same to another process. @throws StartError */
export function flowLogArgs(flags: FlowLogFlags): readonly string[] {
  const settings = readFlowLog(flags);
  if (!settings) return [];
  const limits = ["--flow-log-mib", flags.flowLogMib, "--flow-log-files", flags.flowLogFiles];
  return ["--flow-log", settings.path, ...limits];
}

function readNumber(text: string, most: number, what: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new StartError(`"${text}" is no ${what}. Give a whole number from 1 to ${most}.`);
}
