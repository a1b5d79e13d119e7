import { spawn, type ChildProcess } from "node:child_process";
import { Backoff } from "./backoff.ts";

/** A child that ends with this status has said why it cannot start; starting it again would not help. */
export const cannotStartStatus = 78;

const firstRestartMs = 10;
const mostRestartMs = 2_000;
/** A child that ran this long was fine: its next restart is immediate again. */
const healthyAfterMs = 10_000;
const stopGraceMs = 5_000;

export interface ChildCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly onStart: (pid: number) => void;
  readonly onMessage: (message: unknown) => void;
  /** The child cannot start at all. */
  readonly onGiveUp: () => void;
}

/** Keeps one child process of this Node running until `stop`. */
export class Supervisor {
  readonly #command: ChildCommand;
  readonly #backoff = new Backoff(firstRestartMs, mostRestartMs);
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(command: ChildCommand) {
    this.#command = command;
  }

  start(): void {
    const startedAt = Date.now();
    const { args, onStart, onMessage, onGiveUp } = this.#command;
    // The channel tells the child when its supervisor is gone.
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    if (child.pid !== undefined) onStart(child.pid);
    child.on("message", onMessage);
    child.once("exit", (status) => {
      this.#child = undefined;
      if (this.#stopped) return;
      if (status === cannotStartStatus) {
        onGiveUp();
        return;
      }
      if (Date.now() - startedAt > healthyAfterMs) this.#backoff.reset();
      this.#restart = setTimeout(() => this.start(), this.#backoff.next());
    });
  }

  /** Passes a signal on to the child, where there is one now. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends the child: asked first, killed after a grace time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
      child.once("exit", () => {
        clearTimeout(kill);
        resolve();
      });
      child.kill("SIGTERM");
    });
  }
}
