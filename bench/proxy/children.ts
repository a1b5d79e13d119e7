import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const patienceMs = 10_000;

/** The processes and the temporary directory of one bench; `end` leaves nothing of them behind. */
export class Children {
  readonly directory: string;
  readonly #running: ChildProcess[] = [];
  readonly #afterwards: (() => Promise<void>)[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Children> {
    return new Children(await mkdtemp(join(tmpdir(), "postern-bench-")));
  }

  /** Starts a server that stays. What it says is thrown away: a server that does not come up is missed soon enough. */
  start(command: string, ...args: string[]): ChildProcess {
    return this.keep(spawn(command, args, { stdio: "ignore" }));
  }

  keep(child: ChildProcess): ChildProcess {
    this.#running.push(child);
    return child;
  }

  /** Has something more undone once the processes have ended. */
  afterwards(undo: () => Promise<void>): void {
    this.#afterwards.push(undo);
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#running.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      }),
    );
    await rm(this.directory, { recursive: true, force: true });
    for (const undo of this.#afterwards.splice(0)) await undo();
  }
}

/** Does the work of a bench, and ends what it has started, also where Ctrl-C ends the bench. */
export async function withChildren<Result>(work: (children: Children) => Promise<Result>): Promise<Result> {
  const children = await Children.create();
  const interrupted = (): void => void children.end().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    return await work(children);
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await children.end();
  }
}

/** Resolves once something accepts connections there. @throws after 10 s */
export async function accepting(host: string, port: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const socket = connect({ host, port });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    if (performance.now() > deadline) throw new Error(`Nothing listens on ${host} port ${port} after 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a program to its end and returns what it printed. @throws where it fails, with what it said */
export async function output(command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  const text = Buffer.concat(chunks).toString();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed (${code}): ${text.slice(0, 500)}`);
  return text;
}
