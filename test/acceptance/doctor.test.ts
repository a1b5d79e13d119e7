import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { NodeOptions, SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service, showEndpoint } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

type Finding = {
  readonly check: string;
  readonly verdict: string;
  readonly text: string;
  readonly fix?: string;
};

let postern: Postern;
let node: SearchNode;
let service: Service;
let guest: Tenant;
let endpoint: Endpoint;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
  guest = await createTenant(postern, "guest");
  ok(await service.whitelist(guest.admin.account_id));
  endpoint = await createEndpoint(guest, await service.name());
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});
beforeEach(() => node.behave({ body: answers(node) }));

/** One object that answers every question of the doctor, as a node does that publishes its own address. */
function answers({ port }: { readonly port: number }, status = "green"): object {
  return {
    version: { number: "2.19.0", distribution: "opensearch" },
    cluster_name: "logs",
    status,
    nodes: { a: { http: { publish_address: `127.0.0.1:${port}` } } },
  };
}

/** Runs the doctor as the consumer, who knows nothing of the owner's cluster. */
async function doctor(...args: readonly string[]) {
  const { endpoint: url, token, project_id: project } = guest.admin;
  const { code, stdout } = await postern.cli(["doctor", ...args, "--json"], {
    POSTERN_DATA: "",
    POSTERN_ENDPOINT: url,
    POSTERN_TOKEN: token,
    POSTERN_PROJECT_ID: project,
    POSTERN_NODE_PASSWORD: "open sesame",
  });
  const { checks }: { readonly checks: readonly Finding[] } = JSON.parse(stdout);
  return {
    code,
    failures: checks.filter(({ verdict }) => verdict === "failed").map(({ check }) => check.split(" ")[0]),
    /** The finding whose check begins so. */
    of: (check: string) => checks.find((finding) => finding.check.startsWith(check)),
  };
}

/** A node that ends with the test, and where it is. */
async function standAlone(options: NodeOptions = {}): Promise<{ node: SearchNode; place: string }> {
  const alone = await startNode(options);
  onTestFinished(() => alone.stop());
  alone.behave({ body: answers(alone) });
  return { node: alone, place: `127.0.0.1:${alone.port}` };
}

describe("an endpoint of the consumer's", () => {
  test("works, by its id and by its address; clients that sniff are warned of", async () => {
    for (const reference of [endpoint.id, `${endpoint.ip}:${endpoint.port}`]) {
      const { code, failures, of } = await doctor(reference);
      expect([code, failures]).toEqual([0, []]);
      expect(of("endpoint")?.text).toContain("It is accepted");
      expect(of("cluster")?.text).toBe("OpenSearch 2.19.0 of cluster logs answers.");
      expect(of("sniffing")?.text).toContain(`127.0.0.1:${node.port}), reaches them from here`);
    }
  });

  test("leads to a cluster that is red", async () => {
    node.behave({ body: answers(node, "red") });
    const { code, failures, of } = await doctor(endpoint.id);
    expect([code, failures]).toEqual([1, ["health"]]);
    expect(of("health")?.fix).toContain("allocation/explain");
  });

  test("is rejected: by the owner, or for its account", async () => {
    ok(await service.decide("reject", endpoint.id));
    const rejected = await doctor(endpoint.id);
    expect([rejected.code, rejected.failures]).toEqual([1, ["endpoint", "TCP"]]);
    expect(rejected.of("TCP")?.fix).toContain(`postern accept ${endpoint.id}`);
    ok(await service.decide("receive", endpoint.id));
    ok(await service.whitelist());
    const { of } = await doctor(endpoint.id);
    expect(of("TCP")?.text).toContain("(not_whitelisted)");
    expect(of("TCP")?.fix).toContain(`postern whitelist --add ${guest.admin.account_id}`);
    ok(await service.whitelist(guest.admin.account_id));
    ok(await service.decide("receive", endpoint.id));
    expect((await doctor(endpoint.id)).code).toBe(0);
  });

  test("does not admit the address that the consumer comes from", async () => {
    const path = `/v1/{pid}/vpc-endpoints/${endpoint.id}`;
    ok(await guest.api("PUT", path, { enable_whitelist: true, whitelist: ["10.1.0.0/16"] }));
    const { failures, of } = await doctor(endpoint.id);
    expect(failures).toEqual(["TCP"]);
    expect(of("TCP")?.fix).toMatch(/^Add 127\.\d+\.\d+\.\d+ to "whitelist"/);
    ok(await guest.api("PUT", path, { enable_whitelist: false, whitelist: [] }));
  });

  test("is full", async () => {
    ok(await service.setCap(endpoint.id, 1));
    const session = await openSession(endpoint);
    const { failures, of } = await doctor(endpoint.id);
    expect(failures).toEqual(["TCP"]);
    expect(of("TCP")?.text).toContain("(session_cap): all of its 1 sessions");
    session.close();
    ok(await service.setCap(endpoint.id, 3_000));
    await eventually(async () => (await showEndpoint(guest, endpoint.id)).sessions === 0);
  });

  test("has no node that serves", async () => {
    const { port } = node;
    await node.stop();
    const { failures, of } = await eventually(async () => {
      const found = await doctor(endpoint.id);
      return found.of("TCP")?.text.includes("no_healthy_node") && found;
    });
    expect(failures).toEqual(["TCP"]);
    expect(of("TCP")?.fix).toContain("postern cluster show");
    node = await startNode({ port });
    node.behave({ body: answers(node) });
    await eventually(async () => (await doctor(endpoint.id)).code === 0);
  });

  test("has a name that nothing here resolves, and is tried at its address all the same", async () => {
    const { code, failures, of } = await doctor(`vpcep-${endpoint.id}.region-1.nowhere.invalid`);
    expect([code, failures]).toEqual([1, ["IPv4"]]);
    expect(of("TCP")?.verdict).toBe("ok");
  });
});

test("the name of an endpoint is known to its network's name server, and not to this machine", async () => {
  const named = await Service.open(guest, "named", [node], { endpoint_with_dns_name: true });
  const { id, ip } = await named.ownEndpoint();
  const { failures, of } = await eventually(async () => {
    const found = await doctor(id);
    return found.of("IPv4 name")?.text.includes("name server does") && found;
  });
  expect(failures).toEqual(["IPv4"]);
  expect(of("IPv4 name")?.fix).toMatch(/server=\/[\w.-]+\/127\.\d+\.\d+\.\d+(?:#5300)? /);
  expect(of(`TCP ${ip}`)?.verdict).toBe("ok");
  ok(await named.decide("reject", id));
  expect((await doctor(id)).of("IPv4 name")?.text).toContain("are published while");
});

test("the service is closed", async () => {
  const other = await Service.open(guest, "own", [node]);
  const { id } = await other.ownEndpoint();
  ok(await other.close());
  const { code, failures, of } = await doctor(id);
  expect([code, failures]).toEqual([1, ["endpoint", "TCP"]]);
  expect(of("endpoint")).toMatchObject({
    text: expect.stringContaining("closed"),
    fix: expect.stringContaining("postern open"),
  });
});

describe("what is seen without the API", () => {
  test("a dead name leaves nothing to try", async () => {
    const { code, failures, of } = await doctor("logs.nowhere.invalid:9200", "--no-api");
    expect([code, failures]).toEqual([1, ["IPv4"]]);
    expect(of("TCP")?.verdict).toBe("skipped");
  });

  test("a certificate that fits, one for another name, and one that has expired", async () => {
    const directory = await mkdtemp(join(tmpdir(), "postern-doctor-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const ca = join(directory, "ca.pem");
    const examineWith = async (names: string, endsInDays?: number) => {
      const tls = await makeCertificate(names, endsInDays);
      await writeFile(ca, tls.cert);
      const { place } = await standAlone({ tls });
      return doctor(place, "--no-api", "--ca", ca);
    };
    const good = await examineWith("DNS:logs.example,IP:127.0.0.1");
    expect([good.code, good.of("TLS")?.text]).toEqual([0, expect.stringContaining("fits 127.0.0.1")]);
    const wrong = await examineWith("DNS:logs.example");
    expect([wrong.code, wrong.failures]).toEqual([1, ["TLS"]]);
    expect(wrong.of("TLS")?.text).toContain("it names DNS:logs.example");
    expect(wrong.of("cluster")?.verdict).toBe("ok");
    const expired = await examineWith("IP:127.0.0.1", -2);
    expect([expired.failures, expired.of("TLS")?.text]).toEqual([
      ["TLS"],
      expect.stringContaining("has expired"),
    ]);
  });

  test("a cluster that wants a user gets him from those who may send the password", async () => {
    const { node: alone, place } = await standAlone();
    alone.behave({ credentials: { username: "eve", password: "open sesame" } });
    expect((await doctor(place, "--no-api")).of("cluster")?.fix).toContain("--username");
    const withheld = await doctor(place, "--no-api", "--username", "eve");
    expect(withheld.of("cluster")?.verdict).toBe("skipped");
    expect(alone.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    const sent = await doctor(`http://${place}`, "--no-api", "--username", "eve");
    expect([sent.code, sent.of("health")?.verdict]).toEqual([0, "ok"]);
    alone.behave({ credentials: { username: "eve", password: "another" } });
    const refused = await doctor(`http://${place}`, "--no-api", "--username", "eve");
    expect(refused.failures).toEqual(["cluster", "health", "sniffing"]);
  });
});
