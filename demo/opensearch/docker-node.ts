import { randomUUID } from "node:crypto";
import { freePort } from "../../test/support/free-port.ts";
import { GuardedProcess, runGuarded } from "../../test/support/guarded-process.ts";
import { waitForNode } from "./identity.ts";
import type { ProvidedCluster } from "./provide.ts";

const image = "opensearchproject/opensearch:2";

/**
 * Tells why Docker cannot be used, or undefined when its daemon answers.
 * A `docker` command alone says nothing: it is often installed without a daemon.
 */
export async function dockerObstacle(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const args = ["version", "--format", "{{.Server.Version}}"];
    await runGuarded("docker", args, { env: environment, timeoutMs: 15_000 });
    return undefined;
  } catch {
    return "no Docker daemon answers";
  }
}

/**
 * Starts one OpenSearch node in a container whose port is published on the loopback address only.
 * @throws Error when the image cannot be had or the node cannot serve in time.
 */
export async function startDockerNode(
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<Omit<ProvidedCluster, "skipped">> {
  report(`Fetching the image ${image} with Docker (about 1 GB the first time)`);
  await runGuarded("docker", ["pull", "--quiet", image], { env: environment, timeoutMs: 420_000 });
  const port = await freePort();
  const name = `postern-demo-${randomUUID()}`;
  const settings = {
    "discovery.type": "single-node",
    "node.store.allow_mmap": "false",
    DISABLE_INSTALL_DEMO_CONFIG: "true",
    DISABLE_SECURITY_PLUGIN: "true",
    OPENSEARCH_JAVA_OPTS: "-Xms256m -Xmx512m",
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  const publish = ["--publish", `127.0.0.1:${port}:9200`];
  // In the foreground, `docker run` hands its own SIGTERM on to the container, which --rm then deletes.
  const container = new GuardedProcess(
    "docker",
    ["run", "--rm", "--init", "--name", name, ...publish, ...flags, image],
    { env: environment, graceMs: 20_000 },
  );
  const stop = async (): Promise<void> => {
    await container.stop();
    // Normally gone by now; a client that had to be killed leaves its container running.
    await runGuarded("docker", ["rm", "--force", name], { env: environment, timeoutMs: 30_000 }).catch(
      () => undefined,
    );
  };
  try {
    const url = `http://127.0.0.1:${port}`;
    const found = await waitForNode(url, {
      timeoutMs: 180_000,
      hasEnded: () => container.exitCode !== undefined,
      tail: () => container.tail(),
      onWait: (seconds) => report(`OpenSearch is still starting in its container (${seconds} s)`),
    });
    return { ...found, url, source: `container ${name}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
