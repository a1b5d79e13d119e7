import type { Logger } from "../lib/log.ts";
import { StartError } from "../lib/start-error.ts";
import type { WantedLevel } from "../lib/wanted-level.ts";
import { cannotStartStatus } from "../lib/supervisor.ts";

const shutdownLimitMs = 10_000;

/**
 * Resolves when the process is to end: asked by a signal, or because its supervisor is gone. A second signal ends
 * it at once.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      resolve();
      process.on("SIGINT", exitNow);
      process.on("SIGTERM", exitNow);
      setTimeout(exitNow, shutdownLimitMs).unref();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    if (process.connected) process.once("disconnect", stop);
  });
}

function exitNow(): void {
  process.exit(1);
}

/** Lets whoever may send signals have debug lines, and again none, without the API. */
export function toggleOnSignal(level: WantedLevel): void {
  process.on("SIGUSR2", () => level.toggle());
}

/** Tells the supervisor, where there is one. */
export function tellSupervisor(message: object): void {
  if (process.connected) process.send?.(message);
}

/**
 * Runs a process to its end; one that cannot start says why in one line and exits with a status of its own.
 * @param run gives the exit status, or nothing for 0
 */
export async function runProcess(log: Logger, run: () => Promise<number | void>): Promise<never> {
  // Databases, locks and snapshots are nobody else's business.
  process.umask(0o077);
  try {
    process.exit((await run()) ?? 0);
  } catch (error) {
    if (!(error instanceof StartError)) {
      log.fatal({ err: error }, "the process failed");
      process.exit(1);
    }
    process.stderr.write(`postern: ${error.message}\n`);
    process.exit(cannotStartStatus);
  }
}
