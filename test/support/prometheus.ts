import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { GuardedProcess, runGuarded } from "./guarded-process.ts";

const cache = fileURLToPath(new URL("../../node_modules/.cache/postern", import.meta.url));

export type PrometheusPrograms = { readonly prometheus: string; readonly promtool: string };

/**
 * Gives Debian's prometheus and promtool: those of this machine, or else unpacked from their package into a cache, which
 * takes no root and starts no service.
 * @throws Error that says in one line why there are none
 */
export async function providePrometheus(): Promise<PrometheusPrograms> {
  const installed = { prometheus: "prometheus", promtool: "promtool" };
  if (await runs(installed)) return installed;
  const directory = join(cache, "prometheus");
  const unpacked = {
    prometheus: join(directory, "usr/bin/prometheus"),
    promtool: join(directory, "usr/bin/promtool"),
  };
  if (await runs(unpacked)) return unpacked;
  await mkdir(cache, { recursive: true });
  // Under its own name only when it is whole: an interrupted one is never used.
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    const download = 'cd "$0" && apt-get download prometheus';
    await runGuarded("sh", ["-c", download, partial], { timeoutMs: 150_000 });
    const [file = ""] = (await readdir(partial)).filter((name) => name.endsWith(".deb"));
    const root = join(partial, "root");
    await runGuarded("dpkg-deb", ["--extract", join(partial, file), root], { timeoutMs: 60_000 });
    await rename(root, directory).catch(async (error: unknown) => {
      if (!(await runs(unpacked))) throw error;
    });
    await access(unpacked.prometheus);
    return unpacked;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    throw new Error(`prometheus is missing, and cannot be had with apt-get download: ${reason}`, {
      cause: error,
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function runs({ prometheus, promtool }: PrometheusPrograms): Promise<boolean> {
  for (const program of [prometheus, promtool]) {
    const failed = await runGuarded(program, ["--version"], { timeoutMs: 30_000 }).then(
      () => false,
      () => true,
    );
    if (failed) return false;
  }
  return true;
}

export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: number };

/** A real Prometheus that reads what its configuration says. */
export class Prometheus {
  readonly #directory: string;
  readonly #process: GuardedProcess;
  readonly #url: string;

  private constructor(directory: string, process: GuardedProcess, url: string) {
    this.#directory = directory;
    this.#process = process;
    this.#url = url;
  }

  /** @param configuration names its files by their whole paths */
  static async start({ prometheus }: PrometheusPrograms, configuration: string): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), "postern-prometheus-"));
    await writeFile(join(directory, "prometheus.yml"), configuration);
    const address = `127.0.0.1:${await freePort()}`;
    const running = new GuardedProcess(
      prometheus,
      [
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        `--web.listen-address=${address}`,
      ],
      { remove: [directory] },
    );
    const started = new Prometheus(directory, running, `http://${address}`);
    try {
      await eventually(async () => (await fetch(`http://${address}/-/ready`)).ok, { timeoutMs: 60_000 });
    } catch (error) {
      await started.stop();
      throw new Error(`prometheus does not answer. Its last lines:\n${running.tail()}`, { cause: error });
    }
    return started;
  }

  /** Calls its HTTP API. @throws where it refuses */
  async api<Data>(path: string): Promise<Data> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, data } = (await answer.json()) as { status: string; data: Data };
    if (status !== "success") throw new Error(`prometheus answered ${path} with ${answer.status}`);
    return data;
  }

  /** What an expression is now. */
  async query(expression: string): Promise<readonly Sample[]> {
    type Found = { metric: Record<string, string>; value: [number, string] };
    const { result } = await this.api<{ result: Found[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
