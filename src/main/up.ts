import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeExclusiveLock } from "../lib/exclusive-lock.ts";
import { cannotStartStatus, Supervisor } from "../lib/supervisor.ts";
import type { DataPaths } from "./paths.ts";
import { untilStopped } from "./process-life.ts";

export interface UpOptions {
  readonly paths: DataPaths;
  /** Arguments that start this program, up to the command. */
  readonly program: readonly string[];
  readonly serverArgs: readonly string[];
  readonly gatewayArgs: readonly string[];
  readonly print: (text: string) => void;
}

/**
 * Runs server and gateway, each in a process of its own, until it is told to stop.
 * @returns the exit status: not 0 where one of them cannot start, which has said why
 * @throws StartError
 */
export async function runUp(options: UpOptions): Promise<number> {
  const { paths } = options;
  const lock = takeExclusiveLock(paths.upLock, "postern up", 0);
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  writePid(paths, "up", process.pid);
  const ready = new Readiness((endpoint) => options.print(welcome(endpoint, paths.root)));
  const gaveUp = Promise.withResolvers<number>();
  const children = [
    { name: "server", args: options.serverArgs, onMessage: (message: unknown) => ready.server(message) },
    { name: "gateway", args: options.gatewayArgs, onMessage: (message: unknown) => ready.gateway(message) },
  ].map(
    ({ name, args, onMessage }) =>
      new Supervisor({
        name,
        args: [...options.program, name, ...args],
        onStart: (pid) => writePid(paths, name, pid),
        onMessage,
        onGiveUp: () => gaveUp.resolve(cannotStartStatus),
      }),
  );
  for (const child of children) child.start();
  process.on("SIGUSR2", () => children.forEach((child) => child.signal("SIGUSR2")));
  const status = await Promise.race([untilStopped().then(() => 0), gaveUp.promise]);
  await Promise.all(children.map((child) => child.stop()));
  lock.release();
  return status;
}

function writePid(paths: DataPaths, name: string, pid: number): void {
  writeFileSync(join(paths.run, `${name}.pid`), `${pid}\n`);
}

/** Calls back once, when the server serves and the gateway has applied a snapshot. */
class Readiness {
  readonly #onReady: (endpoint: string) => void;
  #endpoint: string | undefined;
  #applied = false;
  #done = false;

  constructor(onReady: (endpoint: string) => void) {
    this.#onReady = onReady;
  }

  server(message: unknown): void {
    const { ready } = message as { ready?: string };
    this.#endpoint = ready ?? this.#endpoint;
    this.#check();
  }

  gateway(message: unknown): void {
    this.#applied ||= (message as { applied?: number }).applied !== undefined;
    this.#check();
  }

  #check(): void {
    if (this.#done || this.#endpoint === undefined || !this.#applied) return;
    this.#done = true;
    this.#onReady(this.#endpoint);
  }
}

function welcome(endpoint: string, data: string): string {
  return `postern is ready: ${endpoint}
  console:              ${new URL("/console", endpoint).href}
  data and credentials: ${data}
  in another terminal:  export POSTERN_DATA=${data}
                        npx postern cluster add NAME http://HOST:9200 --open
                        npx postern connections
  Ctrl-C ends it.
`;
}
