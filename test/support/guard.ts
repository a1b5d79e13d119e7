/**
 * Runs one command and makes sure that it does not outlive whoever asked for it.
 *
 * The asker holds the other end of this program's standard input. When that closes, because the asker wants an end
 * or because it is gone (even by kill -9), the command gets SIGTERM, after a grace SIGKILL with its whole process
 * group, and the directories named in `remove` are deleted. SIGUSR2 asks for the SIGKILL at once. `guarded-process.ts`
 * is the asker's side.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { constants } from "node:os";

export type GuardOrder = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly graceMs: number;
  readonly remove: readonly string[];
};

function obey(order: GuardOrder): void {
  const { command, args, graceMs, remove, ...options } = order;
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is empty: nothing is left to end.
    }
  };
  // Before the command can say anything: whoever hears it may ask for its end at once.
  process.on("SIGUSR2", () => signalGroup("SIGKILL"));
  const child = spawn(command, args, { ...options, detached: true, stdio: ["ignore", "inherit", "inherit"] });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Only the leader is asked: a supervisor ends its own children in its own order.
    child.kill("SIGTERM");
    setTimeout(() => signalGroup("SIGKILL"), graceMs).unref();
  };
  const finish = (code: number): never => {
    signalGroup("SIGKILL");
    for (const directory of remove) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
    process.exit(code);
  };

  child.on("error", (error) => {
    process.stderr.write(`Cannot run ${command}: ${error.message}\n`);
    finish(127);
  });
  child.on("exit", (code, signal) => finish(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  process.stdin.on("error", stop).on("close", stop).resume();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
}

const order: GuardOrder = JSON.parse(process.argv[2] ?? "");
obey(order);
