/**
 * `npm run demo [-- --check] [--cluster URL]`: the whole of Postern in one run, with a real cluster where the
 * machine can provide one. Without `--check` it stays up to explore. It drives Postern from outside only.
 */
import { randomBytes } from "node:crypto";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startPostern } from "../test/support/postern.ts";
import type { Postern } from "../test/support/postern.ts";
import { provideCluster } from "./opensearch/provide.ts";
import type { ProvidedCluster } from "./opensearch/provide.ts";
import { Progress } from "./progress.ts";
import { clusterName, hasHeld, runScenario } from "./scenario.ts";
import type { Endpoint } from "./owner.ts";
import { deleteIndex } from "./search.ts";

const usage = `Usage: npm run demo [-- --check] [--cluster URL]

  --check         do everything once, end it again, and print the result as one line of JSON
  --cluster URL   use this OpenSearch or Elasticsearch instead of starting one
  --help          print this text`;

const keptDataDir = join(fileURLToPath(new URL("..", import.meta.url)), ".postern", "demo");

type Options = { readonly isCheck: boolean; readonly clusterUrl: string | undefined };
type Run = {
  readonly options: Options;
  readonly progress: Progress;
  readonly cleanups: (() => Promise<void>)[];
  /** True once all is shown and the demo only waits for its person to leave. */
  isStaying: boolean;
};

function explainExploring(progress: Progress, postern: Postern, endpoint: Endpoint, index: string): void {
  const dataDir = relative(process.cwd(), postern.dataDir);
  const cli = `POSTERN_DATA=${dataDir} npx postern`;
  progress.step("Everything stays up. Try:");
  progress.plain(`
  Search through the endpoint  curl '${endpoint.url}/${index}/_search?q=postern&pretty'
  See the connections          ${cli} connections
  Cut this one off             ${cli} reject ${endpoint.id}
  Let it in again              ${cli} accept ${endpoint.id}
  See who may connect          ${cli} whitelist ${clusterName}
  Another endpoint             ${cli} endpoint create ${clusterName}
  Server and gateway           ${cli} status

Press Ctrl-C to end it all. The data stay in ${dataDir}.`);
}

async function provide({ options, progress, cleanups }: Run): Promise<ProvidedCluster> {
  progress.step("Getting a search cluster");
  const { clusterUrl } = options;
  const report = (line: string): void => progress.note(line);
  const cluster = await provideCluster({ report, ...(clusterUrl === undefined ? {} : { clusterUrl }) });
  cleanups.push(() => cluster.stop());
  const kind = cluster.standIn ? "a stand-in, NOT a real cluster" : `${cluster.engine} ${cluster.version}`;
  progress.done(`${kind} at ${cluster.url}`);
  return cluster;
}

async function start({ options, progress, cleanups }: Run): Promise<Postern> {
  progress.step("Starting Postern (server and gateway)");
  const postern = await startPostern(options.isCheck ? {} : { dataDir: keptDataDir });
  cleanups.push(() => postern.stop());
  progress.done(`ready at ${postern.endpoint} after ${Math.round(postern.startedInMs)} ms`);
  return postern;
}

type Report = Record<string, unknown> & { readonly ok: boolean };

/** Runs the demo; `staying` resolves when a person has seen enough. */
async function run(parts: Run, staying: Promise<unknown>): Promise<Report> {
  const { options, progress, cleanups } = parts;
  let report: Report = { ok: false };
  try {
    const postern = await start(parts);
    const cluster = await provide(parts);
    const { engine, version, standIn } = cluster;
    report = { ok: false, cluster: { engine, version, stand_in: standIn } };
    // A name of its own: with --cluster the demo is a guest and must not touch anything that is there.
    const index = `postern-demo-${randomBytes(4).toString("hex")}`;
    cleanups.push(() => deleteIndex(cluster.url, index));
    const { outcome, endpoint } = await runScenario({ postern, cluster, progress, index });
    report = { ...report, ...outcome, ok: hasHeld(outcome) };
    if (!options.isCheck) {
      explainExploring(progress, postern, endpoint, index);
      parts.isStaying = true;
      await Promise.race([
        staying,
        postern.exited.then((code) => Promise.reject(new Error(`Postern ended with exit code ${code}`))),
      ]);
    }
    return report;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    progress.fail(reason);
    return { ...report, ok: false, error: reason };
  }
}

/** Last started, first ended; one that cannot be ended does not keep the others from it. */
async function cleanUp(cleanups: readonly (() => Promise<void>)[], progress: Progress): Promise<void> {
  for (const cleanup of cleanups.toReversed()) {
    await cleanup().catch((error: unknown) => progress.note(`While ending: ${String(error)}`));
  }
}

/** What the command line asks for; undefined when there is nothing to do but what was printed. */
function readOptions(): Options | undefined {
  const options = {
    check: { type: "boolean", default: false },
    cluster: { type: "string" },
    help: { type: "boolean", default: false },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (!values.help) return { isCheck: values.check, clusterUrl: values.cluster };
    process.stdout.write(`${usage}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exitCode = 2;
  }
  return undefined;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return;
  const progress = new Progress(process.stdout);
  const parts: Run = { options, progress, cleanups: [], isStaying: false };
  const interrupted = new Promise<number>((resolve) => {
    process.once("SIGINT", () => resolve(130));
    process.once("SIGTERM", () => resolve(143));
    process.once("SIGHUP", () => resolve(129));
    // Whoever read the output has left, as in `npm run demo | head`: end in order like on a signal.
    process.stdout.on("error", () => resolve(141));
  });
  // Whatever is still being started when a signal comes dies with this process: see GuardedProcess.
  const result = await Promise.race([run(parts, interrupted), interrupted]);
  if (!options.isCheck || typeof result === "number") progress.step("Ending everything");
  await cleanUp(parts.cleanups, progress);
  if (typeof result === "number") process.exit(parts.isStaying ? 0 : result);
  const lastLine = options.isCheck ? `${JSON.stringify(result)}\n` : "";
  process.stdout.write(lastLine, () => process.exit(result.ok ? 0 : 1));
}

await main();
