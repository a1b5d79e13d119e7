import { defaultCacheDir, provideDistribution, versionForJava } from "./distribution.ts";
import { dockerObstacle, startDockerNode } from "./docker-node.ts";
import { identifyNode } from "./identity.ts";
import type { NodeIdentity } from "./identity.ts";
import { findJava, isInPath } from "./java.ts";
import { startLocalNode } from "./local-node.ts";
import { startStandIn } from "./stand-in.ts";

export type ProvidedCluster = NodeIdentity & {
  /** Where the node answers, without a slash at the end. */
  readonly url: string;
  /** Where it comes from, in words. */
  readonly source: string;
  /** Why each way that was tried before was not taken; empty for the first way. */
  readonly skipped: readonly string[];
  /** Ends what was started for it; a cluster that was given by its URL is left alone. Idempotent. */
  stop(): Promise<void>;
};

export type ProvideOptions = {
  /** A cluster that runs already. Nothing else is tried then. */
  readonly clusterUrl?: string;
  /** Read for OPENSEARCH_HOME, JAVA_HOME, PATH and Docker's settings; default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default: one place a user, see `defaultCacheDir`. */
  readonly cacheDir?: string;
  /** Called with one line on each step that takes time or is skipped. */
  readonly report?: (line: string) => void;
  /** False: an error instead of the stand-in. Default true. */
  readonly allowStandIn?: boolean;
};

type Started = Omit<ProvidedCluster, "skipped">;
type Setting = {
  readonly environment: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  readonly report: (line: string) => void;
};
/** One way to a cluster: it gives one, or says in words why it cannot, or throws when it should have been able to. */
type Way = { readonly name: string; readonly start: (setting: Setting) => Promise<Started | string> };

const fromHome: Way = {
  name: "OPENSEARCH_HOME",
  async start({ environment, report }) {
    const home = environment["OPENSEARCH_HOME"];
    if (!home) return "it is not set";
    report(`Starting OpenSearch from ${home}`);
    const java = await findJava(environment);
    return await startLocalNode({ home, javaHome: java?.home, environment, report });
  },
};

const fromMaven: Way = {
  name: "Java and Maven",
  async start({ environment, cacheDir, report }) {
    const java = await findJava(environment);
    if (!java) return "no Java was found";
    const version = versionForJava(java);
    if (version === undefined) return `Java ${java.major} is too old (11 or newer is needed)`;
    if (!(await isInPath("mvn", environment))) return "Maven (mvn) was not found";
    const home = await provideDistribution(version, cacheDir, environment, report);
    report(`Starting OpenSearch ${version} on Java ${java.major}`);
    return await startLocalNode({ home, javaHome: java.home, environment, report });
  },
};

const fromDocker: Way = {
  name: "Docker",
  async start({ environment, report }) {
    const obstacle = await dockerObstacle(environment);
    return obstacle ?? (await startDockerNode(environment, report));
  },
};

async function useGiven(clusterUrl: string): Promise<ProvidedCluster> {
  const url = clusterUrl.replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`--cluster ${clusterUrl} is no URL; give it like http://127.0.0.1:9200`);
  }
  return { ...(await identifyNode(url)), url, source: "given", skipped: [], stop: async () => undefined };
}

/**
 * Provides a search cluster of one node, real wherever the machine allows it. In this order: the one that
 * `clusterUrl` names, the distribution in OPENSEARCH_HOME, OpenSearch from Maven Central where Java and Maven are
 * installed, OpenSearch in Docker, and last a small stand-in that only knows what the demo needs.
 * @throws Error when the cluster of `clusterUrl` does not answer, or when every way failed.
 */
export async function provideCluster(options: ProvideOptions = {}): Promise<ProvidedCluster> {
  const { clusterUrl, environment = process.env, report = () => undefined, allowStandIn = true } = options;
  if (clusterUrl !== undefined) return await useGiven(clusterUrl);
  const cacheDir = options.cacheDir ?? defaultCacheDir(environment);
  const skipped: string[] = [];
  for (const way of [fromHome, fromMaven, fromDocker]) {
    const outcome = await way
      .start({ environment, cacheDir, report })
      .catch((error: unknown) => `it failed. ${error instanceof Error ? error.message : String(error)}`);
    if (typeof outcome !== "string") return { ...outcome, skipped };
    skipped.push(`${way.name}: ${outcome}`);
    report(`Skipped ${way.name}: ${outcome}`);
  }
  if (!allowStandIn) throw new Error(`No OpenSearch can be had here. ${skipped.join("; ")}`);
  report("Using a small stand-in node. It is NOT OpenSearch: it knows just enough for this demo");
  return { ...(await startStandIn()), skipped };
}
