import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callApi } from "./api.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { GuardedProcess } from "./guarded-process.ts";

/** The program under test. */
export const executable = fileURLToPath(new URL("../../bin/postern", import.meta.url));

/** Arguments of `postern up`: the ports of metrics are another Postern's of this machine. What follows them wins. */
export const withoutMetrics = ["--metrics-server", "off", "--metrics-gateway", "off"] as const;

/** What the first start writes to `admin.json` in the data directory. */
export type Admin = {
  readonly endpoint: string;
  readonly region: string;
  readonly account_id: string;
  readonly project_id: string;
  readonly user: string;
  readonly password: string;
  readonly access_key: string;
  readonly secret_key: string;
  readonly token: string;
};

export type StartOptions = {
  /** Default: a new temporary directory, which `stop()` removes. A given one is left in place. */
  readonly dataDir?: string;
  /** `HOST:PORT`; default 127.0.0.1 and a free port. */
  readonly listen?: string;
  /** Further arguments of `postern up`, such as `["--idle-timeout", "5"]`; without any it tells no metrics. */
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** What every command line begins with, such as `["ip", "netns", "exec", "NAME"]`. */
  readonly prefix?: readonly string[];
  /** Default 30,000. */
  readonly readyTimeoutMs?: number;
  /**
   * What `postern up` leaves behind when it is killed stays until `stop()`, for tests of exactly that; `exited` then
   * resolves after `stop()` only. Default: everything ends with it.
   */
  readonly keepsOrphans?: boolean;
};

export type { ApiAnswer };
export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type PosternPids = { readonly up: number; readonly server: number; readonly gateway: number };

export type Postern = {
  readonly dataDir: string;
  readonly endpoint: string;
  readonly admin: Admin;
  /** Milliseconds from the start of the command to its "ready" line. */
  readonly startedInMs: number;
  /** One request with the operator's token, see `callApi`. */
  readonly api: Api;
  /** Runs `postern ARGS...` against this system; `env` is added to its environment. */
  cli(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult>;
  /** The process ids of now: a child that was restarted has a new one. */
  pids(): Promise<PosternPids>;
  /** What `postern up` has printed so far, both streams. */
  output(): string;
  /** Resolves with the exit code when `postern up` has ended. */
  readonly exited: Promise<number>;
  /** SIGTERM, wait, SIGKILL for what is left; removes the data directory if it was a temporary one. Idempotent. */
  stop(): Promise<void>;
};

/** Runs `bin/postern ARGS...`, behind a prefix, with an environment of the caller's choice, at most 60 s. */
export function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  prefix: readonly string[] = [],
): Promise<CliResult> {
  const [program = executable, ...programArgs] = [...prefix, executable, ...args];
  return new Promise((resolve) => {
    const options = { env, timeout: 60_000, maxBuffer: 50_000_000 };
    execFile(program, programArgs, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

async function waitUntilReady(up: GuardedProcess, timeoutMs: number): Promise<void> {
  const isReady = (): boolean => up.exitCode !== undefined || up.stdout.includes("postern is ready: ");
  try {
    await eventually(isReady, { timeoutMs, intervalMs: 5, what: "the ready line of postern up" });
    if (up.exitCode !== undefined) throw new Error(`postern up ended at once with exit code ${up.exitCode}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await up.stop();
    throw new Error(`${reason}. It printed:\n${up.tail(40)}`, { cause: error });
  }
}

async function readPids(dataDir: string): Promise<PosternPids> {
  const read = async (name: string): Promise<number> => {
    const pid = Number((await readFile(join(dataDir, "run", `${name}.pid`), "utf8")).trim());
    if (!Number.isSafeInteger(pid) || pid < 2) throw new Error(`run/${name}.pid holds no process id`);
    return pid;
  };
  return { up: await read("up"), server: await read("server"), gateway: await read("gateway") };
}

/**
 * Starts `postern up` and waits until it is ready.
 * The system ends with `stop()`, and also when the calling process goes away without that.
 * @throws Error with the output of `postern up` when it ends early or is not ready in time.
 */
export async function startPostern(options: StartOptions = {}): Promise<Postern> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "postern-")));
  const temporary = options.dataDir === undefined ? [dataDir] : [];
  const listen = options.listen ?? `127.0.0.1:${await freePort()}`;
  const env = { ...process.env, ...options.env };
  const startedAt = performance.now();
  const prefix = options.prefix ?? [];
  const command = [
    ...prefix,
    executable,
    "up",
    "--data",
    dataDir,
    "--listen",
    listen,
    ...withoutMetrics,
    ...(options.args ?? []),
  ];
  // The guard ends a whole group once its leader has ended: here a shell leads, and stays.
  const [program = "", ...programArgs] = options.keepsOrphans
    ? ["sh", "-c", '"$@"; exec sleep 3600', "sh", ...command]
    : command;
  const up = new GuardedProcess(program, programArgs, { env, remove: temporary });
  await waitUntilReady(up, options.readyTimeoutMs ?? 30_000);
  const startedInMs = performance.now() - startedAt;
  const admin: Admin = JSON.parse(await readFile(join(dataDir, "admin.json"), "utf8"));
  return {
    dataDir,
    endpoint: admin.endpoint,
    admin,
    startedInMs,
    api: (method, path, body, headers = {}) => callApi(admin, method, path, body, headers),
    cli: (args, extra = {}) => runCli(args, { ...env, POSTERN_DATA: dataDir, ...extra }, prefix),
    pids: () => readPids(dataDir),
    output: () => up.output,
    exited: up.exited,
    stop: async () => {
      await up.stop();
      for (const directory of temporary) await rm(directory, { recursive: true, force: true });
    },
  };
}
