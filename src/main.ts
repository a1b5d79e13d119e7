import { buildProgram } from "./cli/program.ts";
import { runProgram } from "./cli/run.ts";
import { addProcessCommands } from "./main/commands.ts";
import { packageVersion } from "./main/version.ts";

// The only reader of the environment.
const { env } = process;

// `postern connections | head` must not end in a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isTerminal: process.stdin.isTTY && process.stdout.isTTY,
  env,
  version: packageVersion,
};
const program = buildProgram(io, (commands) => addProcessCommands(commands, env));
process.exitCode = await runProgram(program, process.argv.slice(2), io);
