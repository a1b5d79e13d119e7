import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "./api-client.ts";
import { envOf, runCli } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

let fake: FakeApi;

beforeEach(async () => {
  fake = await FakeApi.start();
});
afterEach(() => fake.close());

/** Runs `postern status` against a server that answers in its own way. */
async function statusOf(listener: RequestListener): ReturnType<typeof runCli> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    return await runCli(["status"], {
      env: { ...envOf(fake), POSTERN_ENDPOINT: `http://127.0.0.1:${port}` },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("errors", () => {
  test("an API error shows its message once, the published code, the request id and what to do next", async () => {
    fake.model.addCluster({ name: "logs", nodes: [] });
    const { code, stdout, stderr } = await runCli(["connections", "logs"], { env: envOf(fake) });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "postern: The endpoint service of logs is not open. (CSS.5182, HTTP 400, request fake-request-id)\n" +
        "Turn the service on first: postern open CLUSTER\n",
    );
  });

  test("401 says where the token came from, and not what it is", async () => {
    const { code, stderr } = await runCli(["status"], {
      env: { ...envOf(fake), POSTERN_TOKEN: "wrong-token" },
    });
    expect(code).toBe(1);
    expect(stderr).toContain("APIGW.0301, HTTP 401");
    expect(stderr).toContain("POSTERN_TOKEN");
    expect(stderr).not.toContain("wrong-token");
  });

  test("a refused connection says which address and how to go on", async () => {
    const env = envOf(fake);
    await fake.close();
    const { code, stderr } = await runCli(["status"], { env });
    fake = await FakeApi.start();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot be reached at ${env["POSTERN_ENDPOINT"]} (connection refused)`);
    expect(stderr).toContain("Check the address");
  });

  test("a redirect is not followed: the token goes nowhere else", async () => {
    const { code, stderr } = await statusOf((_request, response) => {
      response.writeHead(307, { location: `${fake.url}/postern/v1/${fake.projectId}/status` }).end();
    });
    expect(code).toBe(1);
    expect(stderr).toContain("answered HTTP 307");
    expect(fake.seen).toEqual([]);
  });

  test.each([
    [200, "<html>"],
    [200, "[]"],
    [502, "<html>bad gateway"],
  ])("an answer %i %s that is not Postern's says so", async (status, body) => {
    const { code, stderr } = await statusOf((_request, response) => response.writeHead(status).end(body));
    expect(code).toBe(1);
    expect(stderr).toContain("Check that the address is Postern's own");
  });

  test("a message from the server cannot write control sequences to the terminal", async () => {
    const { stderr } = await statusOf((_request, response) => {
      response
        .writeHead(400)
        .end(JSON.stringify({ error_code: "CSS.0001", error_msg: "\u001B]0;owned\u0007" }));
    });
    expect(stderr).not.toContain("\u001B");
    expect(stderr).toContain("CSS.0001");
  });

  test("a body of another shape ends without a stack trace", async () => {
    const { code, stderr } = await statusOf((_request, response) => response.writeHead(200).end("{}"));
    expect(code).toBe(1);
    expect(stderr).toContain("unexpected fault");
    expect(stderr).not.toContain(".ts:");
  });

  test("a server that never answers is given up on, and a write says that it may have happened", async () => {
    const server = createTcpServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const target = {
      endpoint: `http://127.0.0.1:${port}`,
      token: "t",
      projectId: "p",
      source: "s",
      dataDir: null,
    };
    const client = new ApiClient(target, () => {}, false, 50);
    await expect(client.request("POST", client.own("vpcs"), { body: {} })).rejects.toThrow(
      /within 0.05 s.*may have been made/,
    );
    server.close();
  });
});

describe("usage", () => {
  test.each([
    [["frobnicate"]],
    [["accept"]],
    [["accept", "../clusters"]],
    [["connections", "--limit", "0"]],
    [["connections", "--limit", "1e3"]],
    [["cluster", "add", "logs", "10.0.0.5:9200"]],
    [["cluster", "add", "logs", "http://admin:secret@10.0.0.5:9200"]],
    [["cluster", "add", "logs", "http://10.0.0.5:9200", "--engine", "solr"]],
    [["cluster", "add", "logs", "http://10.0.0.5:9200", "--dns"]],
    [["cluster", "add", "logs", "http://10.0.0.5:9200", "--username", "u"]],
    [["whitelist", "logs", "a;b"]],
    [["whitelist", "logs", "--clear", "--everyone"]],
    [["whitelist", "logs", "a1", "--add", "b2"]],
    [["endpoint", "create", "logs", "--subnet", "s"]],
    [["endpoint", "cap", "id", "-1"]],
  ])("%j is refused with status 2 before anything is sent", async (args) => {
    const { code, stdout, stderr } = await runCli(args, { env: envOf(fake) });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
    expect(fake.seen).toEqual([]);
  });

  test("says where to read on", async () => {
    for (const args of [["frobnicate"], ["accept"], ["audit", "--from", "yesterday"]])
      expect((await runCli(args)).stderr).toMatch(
        /^error: .*\nAdd --help to see what the command takes\.\n$/,
      );
  });

  test.each([["status"], ["audit"], ["webhook", "list"]])(
    "%s, which changes nothing, takes no --dry-run",
    async (...args) => {
      expect(await runCli([...args, "--dry-run"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("unknown option '--dry-run'"),
      });
    },
  );

  test("help and version are no failure, and need no server", async () => {
    const help = await runCli(["--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("postern cluster add logs");
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });
});

describe("which cluster", () => {
  test("may be left out where there is one, must be said where there are two", async () => {
    const logs = fake.model.addCluster({ name: "logs", nodes: [] });
    const one = await runCli(["cluster", "show", "--json"], { env: envOf(fake) });
    expect(JSON.parse(one.stdout)).toMatchObject({ id: logs.id });
    fake.model.addCluster({ name: "metrics", nodes: [] });
    const two = await runCli(["cluster", "show"], { env: envOf(fake) });
    expect(two.code).toBe(2);
    expect(two.stderr).toContain("logs, metrics");
    const byId = await runCli(["cluster", "show", logs.id], { env: envOf(fake) });
    expect(byId.stdout).toContain("logs");
  });

  test("none says how to register one; an unknown name says which there are", async () => {
    const none = await runCli(["open"], { env: envOf(fake) });
    expect(none.stderr).toContain("postern cluster add");
    fake.model.addCluster({ name: "logs", nodes: [] });
    const unknown = await runCli(["open", "lgos"], { env: envOf(fake) });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('no cluster "lgos"');
    expect(unknown.stderr).toContain("There are: logs");
  });
});
