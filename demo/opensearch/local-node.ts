import { chown, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import { GuardedProcess, runGuarded } from "../../test/support/guarded-process.ts";
import { waitForNode } from "./identity.ts";
import type { ProvidedCluster } from "./provide.ts";

type Owner = { readonly uid: number; readonly gid: number };

async function idOfNobody(flag: "-u" | "-g"): Promise<number> {
  return Number((await runGuarded("id", [flag, "nobody"], { timeoutMs: 10_000 })).stdout.trim());
}

/** OpenSearch refuses to run as root, so root lends it the uid and gid of `nobody`. */
async function unprivilegedOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: await idOfNobody("-u"), gid: await idOfNobody("-g") };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function giveTo(owner: Owner, directory: string): Promise<void> {
  await chown(directory, owner.uid, owner.gid);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await giveTo(owner, path);
    else await chown(path, owner.uid, owner.gid);
  }
}

/** The distribution's own JVM options, less those that write into its home, which belongs to somebody else. */
async function adaptJvmOptions(configDir: string): Promise<void> {
  const path = join(configDir, "jvm.options");
  const lines = (await readFile(path, "utf8")).split("\n");
  const kept = lines.filter((line) => !/logs\/|HeapDump/.test(line));
  await writeFile(path, kept.join("\n"));
}

/** Fills a work directory with the configuration of one node on the loopback address. */
async function configure(home: string, workDir: string, own: readonly string[]): Promise<void> {
  const configDir = join(workDir, "config");
  await cp(join(home, "config"), configDir, { recursive: true });
  await mkdir(join(workDir, "tmp"));
  await adaptJvmOptions(configDir);
  const settings = [
    ...own,
    "network.host: 127.0.0.1",
    `path.data: ${JSON.stringify(join(workDir, "data"))}`,
    `path.logs: ${JSON.stringify(join(workDir, "logs"))}`,
    // Memory mapping needs a kernel setting (vm.max_map_count) that only root can change.
    "node.store.allow_mmap: false",
    // On a nearly full disk the node would turn its index read-only.
    "cluster.routing.allocation.disk.threshold_enabled: false",
  ];
  const hasSecurity = await isThere(join(home, "plugins", "opensearch-security"));
  if (hasSecurity) settings.push("plugins.security.disabled: true");
  await writeFile(join(configDir, "opensearch.yml"), `${settings.join("\n")}\n`);
}

async function nodeEnvironment(
  home: string,
  workDir: string,
  environment: NodeJS.ProcessEnv,
  javaHome: string | undefined,
): Promise<NodeJS.ProcessEnv> {
  const bundled = join(home, "jdk");
  const chosen = (await isThere(bundled)) ? bundled : javaHome;
  return {
    PATH: environment["PATH"],
    HOME: workDir,
    LANG: "C.UTF-8",
    OPENSEARCH_PATH_CONF: join(workDir, "config"),
    OPENSEARCH_TMPDIR: join(workDir, "tmp"),
    // A node that lives for minutes starts sooner with the quick compiler alone, most of all beside others.
    OPENSEARCH_JAVA_OPTS: "-Xms256m -Xmx512m -XX:TieredStopAtLevel=1",
    ...(chosen === undefined ? {} : { OPENSEARCH_JAVA_HOME: chosen }),
  };
}

export type LocalNodeOptions = {
  /** An unpacked distribution. It is only read. */
  readonly home: string;
  /** Used where the distribution brings no Java of its own. */
  readonly javaHome: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
};

/** A node that is configured, and runs as often as it is started. */
export type LocalNode = {
  /** Starts the process. It keeps what it wrote for the next start, unless `isLast`: then all goes away with it. */
  readonly run: (isLast: boolean) => GuardedProcess;
  readonly workDir: string;
};

/**
 * Configures one OpenSearch node on the loopback address, to run as a user without privileges, with all that it writes in
 * a temporary directory.
 * @param settings lines of opensearch.yml: names, ports and discovery
 */
export async function prepareLocalNode(
  { home, environment, javaHome }: Omit<LocalNodeOptions, "report">,
  settings: readonly string[],
): Promise<LocalNode> {
  const workDir = await mkdtemp(join(tmpdir(), "postern-opensearch-"));
  try {
    await configure(home, workDir, settings);
    const owner = await unprivilegedOwner();
    if (owner) await giveTo(owner, workDir);
    const env = await nodeEnvironment(home, workDir, environment, javaHome);
    const program = join(home, "bin", "opensearch");
    const run = (isLast: boolean): GuardedProcess =>
      new GuardedProcess("bash", [program], {
        ...owner,
        env,
        cwd: workDir,
        ...(isLast ? { remove: [workDir] } : {}),
      });
    return { run, workDir };
  } catch (error) {
    await rm(workDir, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Starts one OpenSearch node that keeps to itself; see `prepareLocalNode`.
 * @throws Error with the end of its log when it cannot serve within three minutes.
 */
export async function startLocalNode(options: LocalNodeOptions): Promise<Omit<ProvidedCluster, "skipped">> {
  const { home, report } = options;
  const httpPort = await freePort();
  const { run } = await prepareLocalNode(options, [
    "cluster.name: postern-demo",
    "node.name: postern-demo-1",
    "discovery.type: single-node",
    `http.port: ${httpPort}`,
    `transport.port: ${await freePort()}`,
  ]);
  const node = run(true);
  const url = `http://127.0.0.1:${httpPort}`;
  try {
    const found = await waitForNode(url, {
      timeoutMs: 180_000,
      hasEnded: () => node.exitCode !== undefined,
      tail: () => node.tail(),
      onWait: (seconds) => report(`OpenSearch is still starting (${seconds} s)`),
    });
    return { ...found, url, source: home, stop: () => node.stop() };
  } catch (error) {
    await node.stop();
    throw error;
  }
}
