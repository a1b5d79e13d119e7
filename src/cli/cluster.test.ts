import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult, CliSurroundings } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

let fake: FakeApi;

beforeEach(async () => {
  fake = await FakeApi.start();
});
afterEach(() => fake.close());

function cli(args: readonly string[], surroundings: CliSurroundings = {}): Promise<CliResult> {
  return runCli(args, { ...surroundings, env: { ...envOf(fake), ...surroundings.env } });
}

test("cluster add sends what was given, the engine's version included", async () => {
  const url = "http://10.0.0.5:9200";
  const added = await cli([
    "cluster",
    "add",
    "logs",
    url,
    "--version",
    "2.19.1",
    "--client-port",
    "9300",
    "--no-probe",
    "--json",
  ]);
  expect(added.code).toBe(0);
  expect(JSON.parse(added.stdout)).toMatchObject({
    name: "logs",
    version: "2.19.1",
    client_port: 9300,
    service: null,
  });
  expect(fake.seen[0]?.body).toEqual({
    name: "logs",
    nodes: [url],
    probe: false,
    version: "2.19.1",
    client_port: 9300,
  });
});

function addWithUser(name: string, ...more: string[]): string[] {
  return ["cluster", "add", name, "http://h:1", "--username", "u", ...more];
}

test("the password comes from a file or the environment, never from the command line", async () => {
  const dir = mkdtempSync(join(tmpdir(), "postern-cli-"));
  const file = join(dir, "password");
  writeFileSync(file, "from file\n");
  await cli(addWithUser("one", "--password-file", file), { env: { POSTERN_NODE_PASSWORD: "from env" } });
  await cli(addWithUser("two"), { env: { POSTERN_NODE_PASSWORD: "from env" } });
  expect(fake.seen.map(({ body }) => body)).toMatchObject([
    { password: "from file" },
    { password: "from env" },
  ]);
  writeFileSync(file, "x".repeat(5_000));
  const tooLarge = await cli(addWithUser("three", "--password-file", file));
  expect(tooLarge.code).toBe(1);
  expect(tooLarge.stderr).toContain("larger than 1024 bytes");
  rmSync(dir, { recursive: true });
});

test("cluster add --open opens it and ends with a line to try", async () => {
  const { code, stdout } = await cli([
    "cluster",
    "add",
    "logs",
    "https://10.0.0.5:9200",
    "--open",
    "--approval",
    "--dns",
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain("curl --insecure https://127.1.0.2:9200/");
  expect(fake.seen.find(({ path }) => path.endsWith("/open"))?.body).toEqual({
    endpoint_with_dns_name: true,
    approval_enabled: true,
  });
  const json = await cli(["cluster", "add", "metrics", "http://10.0.0.6:9200", "--open", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ name: "metrics", service: { enabled: true } });
});

test("cluster add takes a home network, and opens there with dual stack", async () => {
  const place = ["--vpc", "default", "--subnet", "default"];
  const how = ["--open", "--professional", "--dual-stack"];
  const { stdout } = await cli(["cluster", "add", "logs", "http://10.0.0.5:9200", ...place, ...how]);
  expect(stdout).toContain("127.1.0.2:9200 [fd00:1::2]:9200 (accepted)");
  const bodyOf = (end: string): object | undefined =>
    fake.seen.find(({ method, path }) => method === "POST" && path.endsWith(end))?.body;
  expect(bodyOf("/clusters")).toMatchObject({ vpc_id: fake.model.vpcs[0]?.id });
  expect(bodyOf("/open")).toEqual({ profession_vpcep: true, dualstack_enable: true });
  const alone = await cli(["cluster", "add", "more", "http://10.0.0.6:9200", "--dual-stack"]);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("--dual-stack say")]);
});

test("cluster add --open says that the cluster stays when opening is refused", async () => {
  fake.before = ({ path }) => {
    if (path.endsWith("/open")) for (const { id } of fake.model.clusters) fake.model.open(id, false);
  };
  const { code, stderr } = await cli(["cluster", "add", "logs", "http://10.0.0.5:9200", "--open"]);
  expect(code).toBe(1);
  expect(stderr).toContain("logs is registered, but its endpoint service was not opened");
  expect(stderr).toContain("CSS.0031");
  expect(stderr).toContain("postern open logs");
});

test("open prints the service name, the address and a ready curl line", async () => {
  fake.model.addCluster({ name: "logs", nodes: ["http://10.0.0.5:9200"] });
  const { code, stdout } = await cli(["open"]);
  expect(code).toBe(0);
  expect(stdout.split("\n")).toEqual([
    "The endpoint service of logs is open.",
    "Service   local-1.logs.service",
    "Endpoint  127.1.0.2:9200 (accepted)",
    "Try it    curl http://127.1.0.2:9200/",
    "",
  ]);
});

test("open waits for an endpoint that is still being made", async () => {
  fake.model.addCluster({ name: "logs", nodes: ["http://10.0.0.5:9200"] });
  let looks = 0;
  fake.before = ({ method, path }) => {
    for (const endpoint of fake.model.endpoints) endpoint.status = looks < 2 ? "creating" : "accepted";
    if (method === "GET" && /\/endpoints\/./.test(path)) looks += 1;
  };
  const { stdout } = await cli(["open"]);
  expect(stdout).toContain("127.1.0.2:9200 (accepted)");
});

test("open ends with 1 where the endpoint failed, and says why", async () => {
  fake.model.addCluster({ name: "logs", nodes: ["http://10.0.0.5:9200"] });
  fake.model.nextFailure = { code: "port_taken", message: "127.1.0.2:9200 is taken by another program" };
  const { code, stdout, stderr } = await cli(["open"]);
  expect(code).toBe(1);
  expect(stdout).toContain("local-1.logs.service");
  expect(stdout).not.toContain("curl");
  expect(stderr).toContain("taken by another program (port_taken)");
});

test("close says how many sessions it cut", async () => {
  const { id } = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(id, false);
  for (const endpoint of fake.model.endpoints) endpoint.sessions = 37;
  const { stdout } = await cli(["close", "logs"]);
  expect(stdout).toBe(
    "The endpoint service of logs is closed: 37 sessions were cut; the gateways have applied it.\n",
  );
});

test("cluster list: a table, and what to do while there is none", async () => {
  expect((await cli(["cluster", "list"])).stdout).toContain("postern cluster add NAME");
  const { id } = fake.model.addCluster({ name: "logs", nodes: ["http://a:1", "http://b:1"] });
  const { stdout } = await cli(["cluster", "list"]);
  expect(stdout).toContain(`logs  ${id}  opensearch 2.19.1  1/2 healthy  closed`);
});

test("cluster remove without a terminal needs --yes, and says what it would destroy", async () => {
  const { id } = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(id, false);
  const refused = await cli(["cluster", "remove", "logs"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("local-1.logs.service");
  expect(refused.stderr).toContain("all its connections (1)");
  expect(fake.writes()).toEqual([]);
  const removed = await cli(["cluster", "remove", "logs", "--yes"]);
  expect(removed.stdout).toContain("logs is removed: 0 sessions were cut");
  expect(fake.model.clusters).toEqual([]);
});

test.each([
  ["y\n", 0],
  ["yes\n", 0],
  ["n\n", 1],
  ["\n", 1],
  ["", 1],
])("cluster remove on a terminal: answering %j ends with %i", async (typed, expected) => {
  fake.model.addCluster({ name: "logs", nodes: [] });
  const { code, stderr } = await cli(["cluster", "remove", "logs"], { isTerminal: true, typed });
  expect(stderr).toContain("Remove logs? [y/N]");
  expect(code).toBe(expected);
  expect(fake.model.clusters).toHaveLength(expected);
});
