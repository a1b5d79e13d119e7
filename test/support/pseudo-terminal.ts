import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { eventually } from "./eventually.ts";

/** Nothing in it outlives its test by more than this, whatever happens to whoever started it. */
const longestLifeS = 90;

/** Why there can be no pseudo-terminals here, or "". */
export function pseudoTerminalObstacle(): string {
  const { stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return stdout?.includes("util-linux") ? "" : "script of util-linux is not installed";
}

/** A shell's command line in a terminal of its own, with somebody at the keys. */
export class PseudoTerminal {
  readonly #script: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<number>;
  #output = "";

  /** @param size `COLUMNS ROWS` as stty wants them: "cols 120 rows 30" */
  constructor(command: string, env: NodeJS.ProcessEnv, size = "cols 150 rows 30") {
    const line = `stty ${size}; ${command}`;
    const args = [
      String(longestLifeS),
      "script",
      "--quiet",
      "--flush",
      "--return",
      "--command",
      line,
      "/dev/null",
    ];
    this.#script = spawn("timeout", args, { env: { ...env, SHELL: "/bin/sh", TERM: "xterm" } });
    this.#script.stdin.on("error", () => undefined);
    this.#script.stdout.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#exited = once(this.#script, "close").then(([code]) => Number(code ?? 137));
  }

  /** All that it has shown, with control sequences. */
  get output(): string {
    return this.#output;
  }

  /** Lines of the last whole screen that a program has drawn from its upper left corner on. */
  get screen(): readonly string[] {
    const frames = this.#output.split("\u001B[H").filter((frame) => frame.includes("\u001B[J"));
    const last = frames.at(-1)?.split("\u001B[J")[0] ?? "";
    return stripVTControlCharacters(last).replaceAll("\r", "").split("\n");
  }

  type(text: string): void {
    this.#script.stdin.write(text);
  }

  /** Waits until the screen shows something. @throws Error with the screen when it does not come */
  async shows(wanted: RegExp | string): Promise<void> {
    const isThere = (): boolean => {
      const text = this.screen.join("\n");
      return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
    };
    await eventually(isThere, { what: `${String(wanted)} on the screen`, timeoutMs: 20_000 }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.screen.join("\n")}\n${this.#output.slice(-500)}`);
      },
    );
  }

  /** Resolves with the exit code once everything in it has ended. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** Hangs up. Idempotent. */
  async stop(): Promise<void> {
    this.#script.kill("SIGTERM");
    await this.#exited;
  }
}
