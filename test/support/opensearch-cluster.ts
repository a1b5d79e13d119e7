import { rm } from "node:fs/promises";
import { defaultCacheDir, provideDistribution, versionForJava } from "../../demo/opensearch/distribution.ts";
import { findJava, isInPath } from "../../demo/opensearch/java.ts";
import { prepareLocalNode, type LocalNode } from "../../demo/opensearch/local-node.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import type { GuardedProcess } from "./guarded-process.ts";

const startTimeoutMs = 180_000;

/** One process of a cluster. It can be stopped and started again, with its data. */
export class OpenSearchNode {
  readonly url: string;
  readonly #node: LocalNode;
  #process: GuardedProcess;

  constructor(url: string, node: LocalNode) {
    this.url = url;
    this.#node = node;
    this.#process = node.run(false);
  }

  start(): void {
    this.#process = this.#node.run(false);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#node.workDir, { recursive: true, force: true });
  }

  /** Waits until the cluster of so many nodes has every copy of every shard, as this node sees it. @throws Error with its log */
  async untilGreen(nodes: number): Promise<void> {
    const path = `/_cluster/health?wait_for_status=green&wait_for_nodes=${nodes}&wait_for_no_relocating_shards=true&timeout=5s`;
    const isGreen = async (): Promise<boolean> => {
      const answer = await fetch(new URL(path, this.url), { signal: AbortSignal.timeout(10_000) });
      return answer.ok;
    };
    try {
      await eventually(isGreen, { timeoutMs: startTimeoutMs, intervalMs: 200, what: `green at ${this.url}` });
    } catch (error) {
      throw new Error(`The cluster is not well. The end of the node's log:\n${this.#process.tail()}`, {
        cause: error,
      });
    }
  }
}

/** Returns why this machine cannot run OpenSearch from Maven Central, or where it is. */
async function provide(): Promise<{ readonly home: string; readonly javaHome: string } | string> {
  const java = await findJava(process.env);
  if (!java) return "no Java was found";
  const version = versionForJava(java);
  if (version === undefined) return `Java ${java.major} is too old`;
  if (!(await isInPath("mvn", process.env))) return "Maven (mvn) was not found";
  const home = await provideDistribution(version, defaultCacheDir(process.env), process.env, () => undefined);
  return { home, javaHome: java.home };
}

/**
 * Starts a cluster of so many OpenSearch processes on the loopback address, and waits until it is green.
 * @returns its nodes, or why there can be none here
 */
export async function startOpenSearchCluster(count: number): Promise<readonly OpenSearchNode[] | string> {
  const provided = await provide();
  if (typeof provided === "string") return provided;
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  const ports: { readonly http: number; readonly transport: number }[] = [];
  for (const _ of names) ports.push({ http: await freePort(), transport: await freePort() });
  const seeds = ports.map(({ transport }) => `"127.0.0.1:${transport}"`).join(", ");
  const nodes: OpenSearchNode[] = [];
  for (const [index, { http, transport }] of ports.entries()) {
    const prepared = await prepareLocalNode({ ...provided, environment: process.env }, [
      `cluster.name: postern-rolling-${ports[0]?.transport}`,
      `node.name: ${names[index]}`,
      `http.port: ${http}`,
      `transport.port: ${transport}`,
      `discovery.seed_hosts: [${seeds}]`,
      `cluster.initial_cluster_manager_nodes: [${names.join(", ")}]`,
    ]);
    nodes.push(new OpenSearchNode(`http://127.0.0.1:${http}`, prepared));
  }
  try {
    await nodes[0]?.untilGreen(count);
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.remove()));
    throw error;
  }
}
