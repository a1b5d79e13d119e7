import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult, CliSurroundings } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";
import type { FakeCluster } from "./fake-model.ts";

const other = "ffffffffffffffffffffffffffffffff";
let fake: FakeApi;
let logs: FakeCluster;

beforeEach(async () => {
  fake = await FakeApi.start();
  logs = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(logs.id, true);
});
afterEach(() => fake.close());

function cli(args: readonly string[], surroundings: CliSurroundings = {}): Promise<CliResult> {
  return runCli(args, { ...surroundings, env: envOf(fake) });
}

describe("connections", () => {
  test("prints the table, the service name and the whitelist", async () => {
    const [endpoint] = fake.model.endpoints;
    if (endpoint !== undefined) endpoint.sessions = 7;
    logs.accounts = [other];
    const { code, stdout, stderr } = await cli(["connections"]);
    const account = fake.model.accountId;
    expect(stdout.split("\n")).toEqual([
      `ID                                    STATUS    ADDRESS    SESSIONS  ACCOUNT                           CREATED`,
      `${endpoint?.id}  accepted  127.1.0.2  7/3000    ${account}  2026-01-02T03:04:05Z`,
      "",
      "Service    local-1.logs.service",
      `Whitelist  ${other}`,
      "",
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("warns loudly where everybody may connect, in colour on a terminal only", async () => {
    logs.accounts = ["*"];
    const plain = await cli(["connections"]);
    expect(plain.stderr).toMatch(/^WARNING: .*EVERY account/);
    const coloured = await cli(["connections"], { isTerminal: true });
    expect(coloured.stderr).toContain("\u001B[1;31mWARNING");
    const json = await cli(["connections", "--json"]);
    expect(json.stderr).toBe("");
  });

  test("--json prints the body as the API gives it", async () => {
    const { stdout } = await cli(["connections", "logs", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      total_count: 1,
      vpcServiceName: "local-1.logs.service",
      permissions: [],
    });
  });

  test("says how to go on to the next page, and what lies behind the last", async () => {
    for (let count = 0; count < 4; count += 1) fake.model.addEndpoint(logs.id, other, "accepted");
    const first = await cli(["connections", "--offset", "1", "--limit", "2"]);
    expect(first.stdout).toContain("These are 2 to 3 of 5. Go on with: postern connections logs --offset 3");
    const last = await cli(["connections", "--offset", "3"]);
    expect(last.stdout).not.toContain("Go on");
    const behind = await cli(["connections", "--offset", "5"]);
    expect(behind.stdout).toContain("Nothing is listed from 5 on: there are 5 connections.");
  });

  test("says what to do while there is none", async () => {
    fake.model.endpoints.length = 0;
    const { stdout } = await cli(["connections"]);
    expect(stdout).toContain("postern endpoint create local-1.logs.service");
  });
});

describe("accept and reject", () => {
  test("several ids go out in one request; the answer says what was cut", async () => {
    const ids = [0, 1].map(() => fake.model.addEndpoint(logs.id, other, "accepted"));
    for (const endpoint of ids) endpoint.sessions = 20;
    const { code, stdout } = await cli(["reject", ...ids.map(({ id }) => id), ids[0]?.id ?? ""]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      "Rejected 2 connections of logs: 40 sessions were cut; the gateways have applied it.\n",
    );
    expect(fake.writes()).toHaveLength(1);
    expect(ids.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  test("a change that is not in force everywhere is a warning", async () => {
    fake.enforced = "pending";
    const { id } = fake.model.addEndpoint(logs.id, other, "pendingAcceptance");
    const { code, stdout, stderr } = await cli(["accept", id]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("the gateways have applied it");
    expect(stderr).toContain("not every gateway has applied it yet");
    const json = await cli(["accept", id, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      results: [{ cluster_id: logs.id, enforced: "pending", severed: 0 }],
    });
  });

  test("finds the clusters of the ids by itself", async () => {
    const metrics = fake.model.addCluster({ name: "metrics", nodes: [] });
    fake.model.open(metrics.id, true);
    fake.model.addCluster({ name: "closed", nodes: [] });
    const one = fake.model.addEndpoint(logs.id, other, "pendingAcceptance");
    const two = fake.model.addEndpoint(metrics.id, other, "pendingAcceptance");
    const { code, stdout } = await cli(["accept", two.id, one.id]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Accepted connection ${one.id} of logs`);
    expect(stdout).toContain(`Accepted connection ${two.id} of metrics`);
  });

  test("an id that no cluster has changes nothing, also for the others", async () => {
    fake.model.open(fake.model.addCluster({ name: "metrics", nodes: [] }).id, true);
    const known = fake.model.addEndpoint(logs.id, other, "pendingAcceptance");
    const { code, stderr } = await cli(["accept", known.id, "nobody"]);
    expect(code).toBe(1);
    expect(stderr).toContain("nobody; nothing was changed");
    expect(fake.writes()).toEqual([]);
  });

  test("--cluster is taken at its word", async () => {
    fake.model.open(fake.model.addCluster({ name: "metrics", nodes: [] }).id, true);
    const { id } = fake.model.addEndpoint(logs.id, other, "pendingAcceptance");
    const { code, stderr } = await cli(["accept", id, "--cluster", "metrics"]);
    expect(code).toBe(1);
    expect(stderr).toContain("CSS.0001");
  });
});

describe("a service that opening did not make", () => {
  test("is listed, and shown, decided and admitted to by name or id", async () => {
    const web = fake.model.addService("web", logs.id);
    const { id } = fake.model.addEndpoint(web.id, other, "pendingAcceptance");
    const list = await cli(["service", "list"]);
    expect(list.stdout).toMatch(
      /local-1\.logs\.service +\S+ +logs +css +1\nlocal-1\.web\.service +\S+ +logs +vpcep +1\n/,
    );
    expect((await cli(["connections", "logs"])).stdout).not.toContain(id);
    const shown = await cli(["connections", "--service", "local-1.web.service"]);
    expect(shown.stdout).toContain(`${id}  pendingAcceptance  127.1.0.3  0/3000`);
    const accepted = await cli(["accept", id, "--service", web.id]);
    expect(accepted.stdout).toContain(`Accepted connection ${id} of local-1.web.service`);
    await cli(["whitelist", "--service", web.id, "--add", other]);
    expect([web.accounts, logs.accounts]).toEqual([[other], []]);
  });

  test("that nobody knows is told with those that there are", async () => {
    const { code, stderr } = await cli(["connections", "--service", "nobody"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("local-1.logs.service")]);
  });
});
