import { Readable } from "node:stream";
import type { FakeApi } from "./fake-api.ts";
import type { CliIo } from "./io.ts";
import { buildProgram } from "./program.ts";
import { runProgram } from "./run.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSurroundings {
  readonly env?: CliIo["env"];
  readonly isTerminal?: boolean;
  /** What a person types. */
  readonly typed?: string;
}

/** Runs one command line of the whole program with captured streams. */
export async function runCli(
  args: readonly string[],
  surroundings: CliSurroundings = {},
): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  const io: CliIo = {
    stdin: Readable.from([surroundings.typed ?? ""]),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    isTerminal: surroundings.isTerminal ?? false,
    env: surroundings.env ?? {},
    version: "1.2.3",
  };
  return { code: await runProgram(buildProgram(io), args, io), stdout, stderr };
}

/** Returns the environment that points the CLI at a fake server. */
export function envOf(fake: FakeApi): CliIo["env"] {
  return { POSTERN_ENDPOINT: fake.url, POSTERN_TOKEN: fake.token, POSTERN_PROJECT_ID: fake.projectId };
}
