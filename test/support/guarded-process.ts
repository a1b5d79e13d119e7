import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { GuardOrder } from "./guard.ts";

export type GuardedOptions = Partial<Omit<GuardOrder, "command" | "args">> & {
  readonly env?: NodeJS.ProcessEnv;
  /** How much output is kept, in characters; the newest counts. Default 200,000. */
  readonly keptOutputLength?: number;
};

/**
 * A command that ends with this process, whatever way this process ends.
 * It runs in a process group of its own, so that Ctrl-C at the terminal reaches only whoever may clean up in order.
 */
export class GuardedProcess {
  readonly #guard: ChildProcess;
  readonly #exited: Promise<number>;
  readonly #graceMs: number;
  readonly #keptOutputLength: number;
  #stdout = "";
  #output = "";
  #exitCode: number | undefined;

  /** Starts `command`, looked up in PATH. `remove` names directories that are deleted after its end. */
  constructor(command: string, args: readonly string[], options: GuardedOptions = {}) {
    const { env, keptOutputLength = 200_000, graceMs = 10_000, remove = [], ...rest } = options;
    const order: GuardOrder = { command, args, graceMs, remove, ...rest };
    this.#graceMs = graceMs;
    this.#keptOutputLength = keptOutputLength;
    this.#guard = spawn(
      process.execPath,
      [fileURLToPath(new URL("guard.ts", import.meta.url)), JSON.stringify(order)],
      { detached: true, stdio: ["pipe", "pipe", "pipe"], ...(env ? { env } : {}) },
    );
    // A guard that has just ended must not bring its asker down with EPIPE.
    this.#guard.stdin?.on("error", () => undefined);
    this.#guard.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = this.#keep(this.#stdout + text);
      this.#output = this.#keep(this.#output + text);
    });
    this.#guard.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#output = this.#keep(this.#output + text);
    });
    this.#exited = once(this.#guard, "close").then(([code]) => {
      this.#exitCode = typeof code === "number" ? code : 137;
      return this.#exitCode;
    });
  }

  /** Resolves with the exit code of the command (128 + signal number, 127 when it could not be run). */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** The exit code, or undefined while the command runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Standard output and standard error as they came. */
  get output(): string {
    return this.#output;
  }

  /** The last lines of the output, for an error text. */
  tail(lines = 20): string {
    return this.#output.trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** Ends the command with SIGTERM, after the grace with SIGKILL, and resolves when it is gone. Idempotent. */
  async stop(): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#guard.stdin?.end();
    const lastResort = setTimeout(() => this.#guard.kill("SIGKILL"), this.#graceMs + 10_000);
    await this.#exited;
    clearTimeout(lastResort);
  }

  /** Ends the command, with its whole group, by SIGKILL at once, and resolves when it is gone. Idempotent. */
  async kill(): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#guard.kill("SIGUSR2");
    await this.#exited;
  }

  #keep(text: string): string {
    return text.length > this.#keptOutputLength ? text.slice(-this.#keptOutputLength) : text;
  }
}

/**
 * Runs a command to its end.
 * @throws Error when it does not end within `timeoutMs` or with another exit code than 0; the text carries the end of its output.
 */
export async function runGuarded(
  command: string,
  args: readonly string[],
  options: GuardedOptions & { readonly timeoutMs: number },
): Promise<{ readonly stdout: string; readonly output: string }> {
  const { timeoutMs, ...rest } = options;
  const running = new GuardedProcess(command, args, { graceMs: 2_000, ...rest });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void running.stop();
  }, timeoutMs);
  const code = await running.exited;
  clearTimeout(timer);
  if (isLate) {
    throw new Error(
      `${command} did not end within ${timeoutMs / 1000} s. Its last lines:\n${running.tail()}`,
    );
  }
  if (code !== 0) throw new Error(`${command} ended with code ${code}. Its last lines:\n${running.tail()}`);
  return { stdout: running.stdout, output: running.output };
}
