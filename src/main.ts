import { addProcessCommands, isProcessCommand } from "./main/commands.ts";
import { processTerminal } from "./main/terminal.ts";
import { packageVersion } from "./main/version.ts";

// The only reader of the environment.
const { env } = process;

// `postern connections | head` must not end in a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const args = process.argv.slice(2);
if (isProcessCommand(args)) {
  // A gateway that died is back sooner without the commands for people.
  const { Command } = await import("commander");
  const program = new Command("postern").enablePositionalOptions().option("--data <dir>");
  addProcessCommands(program, env);
  await program.parseAsync(args, { from: "user" });
} else {
  const { buildProgram } = await import("./cli/program.ts");
  const { runProgram } = await import("./cli/run.ts");
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const { addDataCommands } = await import("./main/data-commands.ts");
  const io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTerminal,
    ...(isTerminal ? { terminal: processTerminal() } : {}),
    env,
    version: packageVersion,
  };
  const program = buildProgram(io, (commands) => addProcessCommands(commands, env));
  addDataCommands(program, io);
  process.exitCode = await runProgram(program, args, io);
}
