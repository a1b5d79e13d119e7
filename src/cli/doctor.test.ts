import { writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { startTestNode, testCertificate, type TestNode } from "../lib/test-node.ts";
import { envOf, runCli } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";
import type { FakeEndpoint } from "./fake-model.ts";
import type { Finding } from "./doctor/finding.ts";

let fake: FakeApi;
let endpoint: FakeEndpoint;
/** The Authorization header of every request to the cluster. */
let authorizations: (string | undefined)[];

beforeEach(async () => {
  authorizations = [];
  fake = await FakeApi.start();
  const cluster = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(cluster.id, false);
  const [own] = fake.model.endpoints;
  if (own === undefined) throw new Error("Opening makes an endpoint.");
  endpoint = own;
  endpoint.ip = "127.0.0.1";
});
afterEach(() => fake.close());

const cluster: RequestListener = ({ url, headers }, response) => {
  authorizations.push(headers.authorization);
  if (url === "/") response.end('{"version":{"number":"2.19.0","distribution":"opensearch"}}');
  else if (url === "/_cluster/health") response.end('{"status":"green"}');
  else response.end(`{"nodes":{"a":{"http":{"publish_address":"127.0.0.1:${endpoint.port}"}}}}`);
};

/** Puts a cluster behind the endpoint. */
async function serve(tls?: { readonly key: string; readonly cert: string }): Promise<TestNode> {
  const node = await startTestNode(cluster, tls);
  endpoint.port = node.port;
  return node;
}

interface Examination {
  readonly code: number;
  readonly stderr: string;
  /** By check. */
  readonly verdicts: Readonly<Record<string, string>>;
  readonly of: (check: string) => Finding | undefined;
}

async function doctor(args: readonly string[], env = envOf(fake)): Promise<Examination> {
  const { code, stdout, stderr } = await runCli(["doctor", ...args, "--json"], { env });
  const { ok, checks }: { ok: boolean; checks: Finding[] } = JSON.parse(stdout);
  expect(ok).toBe(code === 0);
  return {
    code,
    stderr,
    verdicts: Object.fromEntries(checks.map(({ check, verdict }) => [check.split(" ")[0], verdict])),
    of: (check) => checks.find((finding) => finding.check.startsWith(check)),
  };
}

const allOk = {
  endpoint: "ok",
  name: "skipped",
  TCP: "ok",
  TLS: "ok",
  cluster: "ok",
  health: "ok",
  sniffing: "ok",
};

describe("with the API", () => {
  test("an endpoint that works, by its id and by its address", async () => {
    const { port } = await serve();
    for (const reference of [endpoint.id, `127.0.0.1:${port}`, "127.0.0.1"]) {
      const { code, verdicts, stderr } = await doctor([reference]);
      expect([code, verdicts, stderr]).toEqual([0, allOk, ""]);
    }
  });

  test("an endpoint by its name is checked against its address", async () => {
    await serve();
    endpoint.dnsName = "localhost";
    expect((await doctor([endpoint.id])).of("IPv4 name")?.text).toBe("localhost resolves to 127.0.0.1.");
    const named = await doctor(["127.0.0.1"]);
    expect([named.of("IPv4 name")?.verdict, named.of("IPv6 name")?.check]).toEqual(["ok", "IPv6 name"]);
    endpoint.ip = "127.0.0.9";
    const elsewhere = await doctor(["localhost"]);
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.of("IPv4 name")?.text).toContain("instead of 127.0.0.9");
    expect(elsewhere.stderr).toContain('Begin with "IPv4 name": Have the resolver forward');
  });

  test("a refusal is told with the reason that the gateway counts, also when it counts late", async () => {
    const node = await serve();
    await node.stop();
    let looks = 0;
    fake.before = ({ path }) => {
      if (path.endsWith(`/endpoints/${endpoint.id}`) && (looks += 1) === 4)
        endpoint.refusals = { session_cap: 1 };
    };
    const { code, of, verdicts } = await doctor([endpoint.id]);
    expect([code, looks]).toEqual([1, 4]);
    expect(of("TCP")?.text).toContain("(session_cap)");
    expect(verdicts).toMatchObject({
      TLS: "skipped",
      cluster: "skipped",
      health: "skipped",
      sniffing: "skipped",
    });
  });

  test("what stands at the service and the endpoint's whitelist is found", async () => {
    const node = await serve();
    const [logs] = fake.model.clusters;
    if (logs !== undefined) logs.isOpen = false;
    expect((await doctor([endpoint.id])).of("endpoint")?.text).toContain("service is closed");
    if (logs !== undefined) logs.isOpen = true;
    await node.stop();
    endpoint.sources = ["127.0.0.0/8"];
    endpoint.status = "rejected";
    endpoint.refusals = { not_accepted: 3 };
    expect((await doctor([endpoint.id])).of("TCP")?.fix).toContain(`postern accept ${endpoint.id}`);
  });

  test("an endpoint that is not one's own is judged by what is seen; an id alone says nothing then", async () => {
    const { port } = await serve();
    fake.model.endpoints.length = 0;
    const seen = await doctor([`127.0.0.1:${port}`]);
    expect([seen.code, seen.verdicts]).toEqual([0, { ...allOk, endpoint: "skipped" }]);
    const unknown = await runCli(["doctor", endpoint.id], { env: envOf(fake) });
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("CSS.0016")]);
  });

  test("an API that is away does not end the examination", async () => {
    const { port } = await serve();
    const env = { ...envOf(fake), POSTERN_ENDPOINT: "http://127.0.0.1:1" };
    const seen = await doctor([`127.0.0.1:${port}`], env);
    expect([seen.code, seen.of("endpoint")?.text]).toEqual([0, expect.stringContaining("cannot be reached")]);
  });
});

describe("without it", () => {
  test("--no-api asks nothing; neither does a machine without credentials", async () => {
    const { port } = await serve();
    const seen = await doctor([`localhost:${port}`, "--no-api", "--timeout", "5s"]);
    expect(seen.verdicts).toMatchObject({ endpoint: "skipped", TCP: "ok", cluster: "ok" });
    expect(fake.seen).toEqual([]);
    expect((await runCli(["doctor", endpoint.id, "--no-api"])).stderr).toContain("only it can tell");
  });

  test("usage errors end with 2", async () => {
    for (const args of [
      ["a b"],
      ["a:1", "--timeout", "0"],
      ["a:1", "--timeout", "2m"],
      ["a:1", "--username", "x"],
    ]) {
      expect((await runCli(["doctor", ...args, "--no-api"])).code).toBe(2);
    }
  });

  test("the table has a line for each check, and a line of advice where one is due", async () => {
    const { port } = await serve();
    const { code, stdout } = await runCli(["doctor", `https://127.0.0.1:${port}`, "--no-api"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAILED +TLS +The port speaks plain HTTP, not TLS\.$/m);
    expect(stdout).toMatch(/\nTLS:\n {2}Set the clients to http:\/\//);
  });
});

describe("TLS and passwords", () => {
  const secret = { POSTERN_NODE_PASSWORD: "open sesame" };
  const sent = `Basic ${Buffer.from("eve:open sesame").toString("base64")}`;

  test("a password goes to whom the certificate proves, and to nobody else", async () => {
    const tls = testCertificate();
    const { port } = await serve(tls);
    const file = join(testDirectory(), "ca.pem");
    writeFileSync(file, tls.cert);
    const args = [`127.0.0.1:${port}`, "--no-api", "--username", "eve"];
    const distrusted = await doctor(args, secret);
    expect([distrusted.code, distrusted.of("TLS")?.verdict]).toEqual([1, "failed"]);
    expect(distrusted.verdicts["cluster"]).toBe("ok");
    expect(new Set(authorizations)).toEqual(new Set([undefined]));
    authorizations = [];
    const trusted = await doctor([...args, "--ca", file], secret);
    expect(trusted.of("TLS")).toMatchObject({ verdict: "warning" });
    expect(new Set(authorizations)).toEqual(new Set([sent]));
  });

  test("a password goes over plain HTTP only where that is written", async () => {
    const { port } = await serve();
    const args = ["--no-api", "--username", "eve"];
    await doctor([`127.0.0.1:${port}`, ...args], secret);
    expect(new Set(authorizations)).toEqual(new Set([undefined]));
    await doctor([`http://127.0.0.1:${port}`, ...args], secret);
    expect(authorizations).toContain(sent);
  });

  test("a client of plain HTTP is told of TLS, and a file without certificates refused", async () => {
    const { port } = await serve(testCertificate());
    expect((await doctor([`http://127.0.0.1:${port}`, "--no-api"])).of("TLS")?.fix).toContain("https://");
    const file = join(testDirectory(), "ca.pem");
    writeFileSync(file, "no certificate");
    const { code, stderr } = await runCli(["doctor", "a:1", "--no-api", "--ca", file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("holds no certificates")]);
  });

  test("what is neither TLS nor HTTP is said to be so", async () => {
    const node = await startTestNode((request) => request.socket.resetAndDestroy());
    const { of, verdicts } = await doctor([`127.0.0.1:${node.port}`, "--no-api"]);
    expect(of("TLS")?.text).toMatch(/answers neither TLS \(.+\) nor HTTP \(ECONNRESET\)/);
    expect(verdicts).toMatchObject({ TCP: "ok", cluster: "skipped" });
  });
});
