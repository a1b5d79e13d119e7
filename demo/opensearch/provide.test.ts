import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../test/support/free-port.ts";
import { startNode } from "../../test/support/node.ts";
import { versionForJava } from "./distribution.ts";
import { parseJavaProperties } from "./java.ts";
import { provideCluster } from "./provide.ts";

test.each([
  [
    "    java.home = /usr/lib/jvm/17\n    java.specification.version = 17\n",
    { home: "/usr/lib/jvm/17", major: 17 },
  ],
  [
    "  java.home = /opt/java 8/jre\n  java.specification.version = 1.8\n",
    { home: "/opt/java 8/jre", major: 8 },
  ],
  ["Unrecognized option", undefined],
])("reads what Java says about itself: %j", (text, expected) => {
  expect(parseJavaProperties(text)).toEqual(expected);
});

test.each([
  [8, undefined],
  [10, undefined],
  [11, "2.19.6"],
  [17, "2.19.6"],
  [20, "2.19.6"],
  [21, "3.6.0"],
  [25, "3.6.0"],
])("Java %i runs OpenSearch %s", (major, version) => {
  expect(versionForJava({ home: "/", major })).toBe(version);
});

test("takes a cluster by its URL and leaves it alone at the end", async () => {
  const node = await startNode({ engine: "elasticsearch", version: "8.15.0" });
  const cluster = await provideCluster({ clusterUrl: `${node.url}/` });
  expect(cluster).toMatchObject({
    url: node.url,
    engine: "elasticsearch",
    version: "8.15.0",
    standIn: false,
  });
  await cluster.stop();
  expect((await fetch(node.url)).status).toBe(200);
  await node.stop();
});

test("refuses a --cluster that is no URL", async () => {
  await expect(provideCluster({ clusterUrl: "localhost" })).rejects.toThrow("is no URL");
});

test("refuses a --cluster where nobody listens", async () => {
  const clusterUrl = `http://127.0.0.1:${await freePort()}`;
  await expect(provideCluster({ clusterUrl })).rejects.toThrow("does not answer (connect ECONNREFUSED");
});

test("says what a node that asks for credentials lacks", async () => {
  const node = await startNode();
  node.behave({ credentials: { username: "a", password: "b" } });
  await expect(provideCluster({ clusterUrl: node.url })).rejects.toThrow("asks for credentials");
  await node.stop();
});

test("falls back to the stand-in with a reason for each way that was not taken", async () => {
  const home = await mkdtemp(join(tmpdir(), "postern-empty-"));
  const environment = { PATH: home, OPENSEARCH_HOME: home };
  const lines: string[] = [];
  const report = (line: string): void => void lines.push(line);
  const cluster = await provideCluster({ environment, cacheDir: home, report });
  expect(cluster.standIn).toBe(true);
  expect(cluster.skipped).toEqual([
    expect.stringMatching(/^OPENSEARCH_HOME: it failed/),
    "Java and Maven: no Java was found",
    "Docker: no Docker daemon answers",
  ]);
  expect(lines.at(-1)).toContain("NOT OpenSearch");
  await cluster.stop();
  await expect(provideCluster({ environment, cacheDir: home, allowStandIn: false })).rejects.toThrow(
    "no Java",
  );
  await rm(home, { recursive: true });
});

/** A `docker` that knows the four commands the demo uses; its containers are plain processes. */
async function fakeDocker(directory: string): Promise<void> {
  const support = new URL("../../test/support/node.ts", import.meta.url).href;
  const program = `
    import { startNode } from ${JSON.stringify(support)};
    const node = await startNode({ port: Number(process.argv.at(-1)) });
    const version = { number: "2.19.4", distribution: "opensearch" };
    node.behave({ body: { status: "green", version } });`;
  await writeFile(join(directory, "container.mjs"), program);
  const script = `#!/bin/sh
echo "$1" "$2" >>'${directory}/calls'
[ "$1" = run ] || exit 0
while [ "$1" != --publish ]; do shift; done
port=\${2#127.0.0.1:}
exec '${process.execPath}' '${directory}/container.mjs' "\${port%:9200}"
`;
  await writeFile(join(directory, "docker"), script, { mode: 0o755 });
}

test("runs OpenSearch in Docker, on the loopback address only, and removes the container", async () => {
  const directory = await mkdtemp(join(tmpdir(), "postern-docker-"));
  await fakeDocker(directory);
  const cluster = await provideCluster({ environment: { PATH: directory }, cacheDir: directory });
  expect(cluster).toMatchObject({ engine: "opensearch", version: "2.19.4", standIn: false });
  expect(cluster.source).toMatch(/^container postern-demo-/);
  await cluster.stop();
  await expect(fetch(cluster.url)).rejects.toThrow("fetch failed");
  const calls = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n");
  expect(calls).toEqual(["version --format", "pull --quiet", "run --rm", "rm --force"]);
  await rm(directory, { recursive: true });
});
