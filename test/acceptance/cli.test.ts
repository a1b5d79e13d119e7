import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { showEndpoint } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";

type Cluster = { readonly id: string; readonly service: { readonly name: string } };

let postern: Postern;
let node: SearchNode;
let port: string;
let cluster: Cluster;
let own: Endpoint;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  port = String(await freePort("0.0.0.0"));
  cluster = await json("cluster", "add", "logs", node.url, "--open", "--client-port", port);
  own = await showEndpoint(postern, (await connections()).connections[0]?.id ?? "");
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

/** Runs a command that must work, and gives what it prints. */
async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await postern.cli(args);
  if (code !== 0) throw new Error(`postern ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

async function json<Value>(...args: readonly string[]): Promise<Value> {
  const value: Value = JSON.parse(await run(...args, "--json"));
  return value;
}

/** The answer of the API that the CLI is compared with. */
const get = async (path: string) => (await postern.api("GET", path)).body;
const connections = async () =>
  await json<{ connections: { id: string; status: string }[]; permissions: { permission: string }[] }>(
    "connections",
  );
const whitelist = async () =>
  (await connections()).permissions.map(({ permission }) => permission).toSorted();

describe("the owner's side", () => {
  test("cluster add --open --json prints the object as the API gives it", async () => {
    const path = `/postern/v1/{pid}/clusters/${cluster.id}`;
    expect(await get(path)).toMatchObject({
      id: cluster.id,
      name: "logs",
      service: cluster.service,
    });
    // Until the gateway has told what it found, two answers differ.
    const isChecked = async () => JSON.stringify(await get(path)).includes(`"detail":"HTTP 200"`);
    await eventually(isChecked, { what: "a node that is checked" });
    const shown = await json("cluster", "show", "logs");
    expect(shown).toEqual(await get(path));
    expect(await json("cluster", "list")).toEqual({ clusters: [shown], total_count: 1 });
    const session = await openSession(own);
    await session.echo();
    session.close();
  });

  test("connections --json prints the GET body, and a table for people without it", async () => {
    const path = `/v1.0/{pid}/clusters/${cluster.id}/vpcepservice/connections`;
    for (const reference of [[], ["logs"], [cluster.id]]) {
      expect(await json("connections", ...reference)).toEqual(await get(path));
    }
    const table = await run("connections");
    expect(table).toMatch(/^ID +STATUS +ADDRESS +SESSIONS/);
    for (const word of [own.id, "accepted", own.ip, "/3000", cluster.service.name])
      expect(table).toContain(word);
  });

  test("reject cuts and accept lets in again, and both say what they did", async () => {
    const session = await openSession(own);
    expect(await run("reject", own.id)).toMatch(/^Rejected .*: 1 session was cut/);
    await eventually(() => session.death);
    expect(await refusalOf(own)).toBe("ECONNRESET");
    expect((await connections()).connections).toMatchObject([{ id: own.id, status: "rejected" }]);
    expect(await json("accept", own.id)).toEqual({
      results: [
        {
          cluster_id: cluster.id,
          action: "receive",
          endpoint_id_list: [own.id],
          severed: 0,
          enforced: "true",
        },
      ],
    });
    (await openSession(own)).close();
  });

  test("whitelist adds, removes, replaces and empties, and warns loudly where everybody is let in", async () => {
    const { account_id: account } = postern.admin;
    await run("whitelist", "logs", "--add", "first", "--add", "second");
    expect(await whitelist()).toEqual(
      [`iam:domain::${account}`, "iam:domain::first", "iam:domain::second"].toSorted(),
    );
    await run("whitelist", "logs", "--remove", account, "--remove", "first");
    expect(await whitelist()).toEqual(["iam:domain::second"]);
    await run("whitelist", "logs", "third", "fourth");
    expect(await whitelist()).toEqual(["iam:domain::fourth", "iam:domain::third"]);
    const open = await postern.cli(["whitelist", "logs", "--everyone"]);
    expect(open).toMatchObject({ code: 0, stderr: expect.stringMatching(/^WARNING: .*EVERY account/) });
    expect(await whitelist()).toEqual(["*"]);
    expect((await postern.cli(["connections"])).stderr).toMatch(/WARNING: .*EVERY account/);
    const closed = await postern.cli(["whitelist", "logs", "--clear"]);
    expect(closed).toMatchObject({ code: 0, stderr: "" });
    expect(await whitelist()).toEqual([]);
  });

  test("cap sets how many sessions an endpoint may hold", async () => {
    expect(await json("endpoint", "cap", own.id, "1")).toMatchObject({ id: own.id, max_session: 1 });
    await eventually(async () => (await showEndpoint(postern, own.id)).sessions === 0);
    const session = await openSession(own);
    expect(await refusalOf(own)).toBe("ECONNRESET");
    session.close();
    await run("endpoint", "cap", own.id, "3000");
  });

  test("close and open again", async () => {
    expect(await run("close")).toContain("is closed");
    expect(await refusalOf(own)).toBe("ECONNRESET");
    const failed = await postern.cli(["connections"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/CSS\.5182.*\n.*postern open/);
    expect(await run("open")).toContain(`curl http://${own.ip}:${port}/`);
    (await openSession(own)).close();
  });

  test("cluster remove asks first, and nobody is there to say yes", async () => {
    await json("cluster", "add", "short", node.url);
    const asked = await postern.cli(["cluster", "remove", "short"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/cannot be undone[^]*--yes/);
    await run("cluster", "remove", "short", "--yes");
    expect(await json("cluster", "list")).toMatchObject({ total_count: 1 });
  });

  test("status shows that all is well", async () => {
    const { revision: _, ...shown } = await json<Record<string, unknown>>("status");
    expect(await get("/postern/v1/{pid}/status")).toMatchObject({
      version: shown["version"],
      pid: shown["pid"],
    });
    expect(shown).toMatchObject({
      region: "region-1",
      pid: (await postern.pids()).server,
      gateways: [{ connected: true, pid: (await postern.pids()).gateway }],
      counts: { clusters: 1, services: 1, endpoints: 1, sessions: expect.any(Number) },
    });
    expect(await run("status")).toContain("in step");
  });
});

describe("the consumer's side", () => {
  test("a network and an endpoint in it come and go", async () => {
    const vpc = await json<{ id: string; cidr: string }>("vpc", "create", "shop");
    expect(vpc).toEqual(await get(`/postern/v1/{pid}/vpcs/${vpc.id}`));
    const made = await json<Endpoint>(
      "endpoint",
      "create",
      cluster.service.name,
      "--vpc",
      "shop",
      "--max-session",
      "2",
    );
    expect(made).toEqual(await get(`/postern/v1/{pid}/endpoints/${made.id}`));
    expect(made).toMatchObject({ status: "accepted", vpc_id: vpc.id, max_session: 2, port: Number(port) });
    (await openSession(made)).close();
    const { endpoints } = await json<{ endpoints: Endpoint[] }>("endpoint", "list");
    expect(endpoints.map(({ id }) => id)).toEqual([made.id, own.id]);

    const busy = await postern.cli(["vpc", "delete", "shop"]);
    expect(busy.code).toBe(1);
    expect(busy.stderr).toMatch(/still has endpoints.*EndPoint\.3006/);
    await run("endpoint", "delete", made.id);
    expect(await refusalOf(made)).toBe("ECONNREFUSED");
    await run("vpc", "delete", "shop");
    expect(await json<{ vpcs: object[] }>("vpc", "list")).toMatchObject({
      total_count: 1,
      vpcs: [{ name: "default" }],
    });
  });
});

describe("what goes wrong", () => {
  const unknownId = "00000000-0000-4000-8000-000000000000";

  /** Refused by the server, or not to be done: status 1, with the code where the API gave one, and a next step. */
  test.each([
    [["open", "logs"], /CSS\.0031.*\n.*postern cluster show/],
    [["connections", unknownId], /CSS\.0015.*\n.*postern cluster list/],
    [["connections", "nobody"], /no cluster "nobody".*\n.*logs/],
    [["accept", unknownId], /CSS\.0001.*\n./],
    [["endpoint", "delete", unknownId], /CSS\.0016.*\n.*postern endpoint list/],
    [["endpoint", "create", "region-1.nobody.x"], /CSS\.0016.*\n./],
    [["vpc", "delete", unknownId], /CSS\.5021.*\n.*postern vpc list/],
    [
      ["whitelist", "logs", "--remove", "stranger"],
      /stranger is not on the whitelist.*\n.*postern whitelist/,
    ],
    [["cluster", "add", "dead", "http://127.0.0.1:1"], /CSS\.6000.*\n.*--no-probe/],
    [["cluster", "add", "logs", "http://127.0.0.1:1", "--no-probe"], /CSS\.0031/],
  ])("postern %j ends with 1", async (args, text) => {
    const { code, stdout, stderr } = await postern.cli(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^postern: /);
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/\bat \S+:\d+:\d+/);
  });

  test.each([
    [["nonsense"], /unknown command/],
    [["accept"], /missing required argument/],
    [["accept", "../../etc"], /must be an id/],
    [["connections", "--limit", "0"], /from 1 to 1000/],
    [["whitelist", "logs", "--add", "a b"], /account id/],
    [["whitelist", "logs", "abc", "--everyone"], /more than one way/],
    [["endpoint", "cap", unknownId, "0"], /from 1 to 1000000/],
    [["cluster", "add", "x", "ftp://host"], /http:\/\/HOST:PORT/],
    [["status", "--nonsense"], /unknown option/],
  ])("postern %j is wrong usage: it ends with 2", async (args, text) => {
    const { code, stdout, stderr } = await postern.cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(text);
  });

  test("no server, no data, no token: each says where it looked and what to do", async () => {
    const nowhere = await postern.cli(["status"], { POSTERN_DATA: "/nowhere" });
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\/nowhere\/admin\.json.*\n.*postern up/),
    });
    const dead = `http://127.0.0.1:${await freePort()}`;
    const remote = { POSTERN_ENDPOINT: dead, POSTERN_TOKEN: "x", POSTERN_PROJECT_ID: "y" };
    const gone = await postern.cli(["status"], remote);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining("connection refused") });
    const stranger = await postern.cli(["status"], { ...remote, POSTERN_ENDPOINT: postern.endpoint });
    expect(stranger).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/APIGW\.0301.*\n.*POSTERN_TOKEN/),
    });
    const { token, project_id: project } = postern.admin;
    const known = { POSTERN_ENDPOINT: postern.endpoint, POSTERN_TOKEN: token, POSTERN_PROJECT_ID: project };
    expect(await postern.cli(["status"], known)).toMatchObject({ code: 0 });
  });
});
