import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { newUuid, type ClusterId, type NodeId } from "../../domain/ids.ts";
import { quotas } from "../../domain/quotas.ts";
import { startTestNode, testCertificate } from "../../lib/test-node.ts";
import { refusal, startTestServer, type Json, type Tenant } from "../test-server.ts";

const path = "/postern/v1/{p}/clusters";

function answering(body: object, status = 200): RequestListener {
  return (_request, response) => void response.writeHead(status).end(JSON.stringify(body));
}

const openSearch = answering({ version: { distribution: "opensearch", number: "2.19.1" } });
const elasticsearch = answering({ version: { number: "8.17.0" } });

async function owner(): Promise<Tenant> {
  return (await startTestServer()).tenant("owner");
}

describe("registering", () => {
  test("ends at the quota, and goes on where one has gone", async () => {
    const tenant = await owner();
    const register = (name: string) =>
      tenant.call("POST", path, { name, nodes: ["http://127.0.0.1:9"], probe: false });
    const { id } = (await register("first")).body;
    await tenant.server.store.observe(async (tx) => {
      const first = await tx.clusters.find(id as ClusterId);
      if (!first) throw new Error("The first is not there");
      for (let count = 1; count < quotas.clusters; count += 1) {
        await tx.clusters.insert({ ...first, id: newUuid<ClusterId>(), name: `c${count}`, nodes: [] });
      }
    });
    expect(refusal(await register("one-more"))).toBe("400 CSS.0063");
    await tenant.call("DELETE", `${path}/${String(id)}`);
    expect((await register("one-more")).status).toBe(200);
  });

  test("asks the nodes what they run; the answer, key for key", async () => {
    const tenant = await owner();
    const node = await startTestNode(openSearch);
    const url = `http://127.0.0.1:${node.port}`;
    const answer = await tenant.call("POST", path, { name: "logs", nodes: [url] });
    const { networks } = tenant.server.store;
    const [vpc] = (await networks.vpcs(tenant.projectId, { offset: 0, limit: 1 })).items;
    const [subnet] = vpc ? await networks.subnets(vpc.id) : [];
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: "logs",
        state: "registered",
        engine: "opensearch",
        version: "2.19.1",
        client_port: 9200,
        vpc_id: vpc?.id,
        subnet_id: subnet?.id,
        nodes: [
          {
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            state: "serving",
            url,
            healthy: null,
            detail: "not checked: the VPC endpoint service is not in use",
          },
        ],
        service: null,
        created_at: "2026-01-02T03:04:05Z",
        updated_at: "2026-01-02T03:04:05Z",
      },
    ]);
    expect(answer.headers).toMatchObject({ etag: '"1"', "x-postern-enforced": "true" });
  });

  test.each([
    ["Elasticsearch, which does not name itself", elasticsearch, "elasticsearch", "8.17.0"],
    ["what is no search engine", answering({ hello: 1 }), "opensearch", "unknown"],
    [
      "no JSON",
      ((_request, response) => void response.end("<html>")) satisfies RequestListener,
      "opensearch",
      "unknown",
    ],
    ["a refusal", answering({ version: { number: "9" } }, 401), "opensearch", "unknown"],
    [
      "a version without end",
      answering({ version: { number: "9".repeat(100) } }),
      "elasticsearch",
      "9".repeat(64),
    ],
  ])("a node that answers with %s", async (_name, handle, engine, version) => {
    const tenant = await owner();
    const node = await startTestNode(handle);
    const { body } = await tenant.call("POST", path, {
      name: "logs",
      nodes: [`http://127.0.0.1:${node.port}`],
    });
    expect(body).toMatchObject({ engine, version });
  });

  test("what is said is believed, and with probe false nobody is asked", async () => {
    const tenant = await owner();
    const wish = {
      name: "logs",
      nodes: ["http://192.0.2.1:9200", "http://192.0.2.2:9200"],
      engine: "elasticsearch",
      version: "7.10",
      client_port: 443,
      probe: "false",
    };
    const { body } = await tenant.call("POST", path, wish);
    expect(body).toMatchObject({ engine: "elasticsearch", version: "7.10", client_port: 443 });
    expect((body["nodes"] as Json[]).map((node) => node["url"])).toEqual(wish.nodes);
  });

  test("one node that answers is enough; where none does, each is named with its reason", async () => {
    const tenant = await owner();
    const [up, down] = [await startTestNode(openSearch), await startTestNode(openSearch)];
    await down.stop();
    const nodes = [`http://127.0.0.1:${down.port}`, `http://127.0.0.1:${up.port}`];
    expect((await tenant.call("POST", path, { name: "logs", nodes })).body).toMatchObject({
      version: "2.19.1",
    });
    await up.stop();
    const answer = await tenant.call("POST", path, { name: "second", nodes });
    expect(refusal(answer)).toBe("400 CSS.6000");
    for (const url of nodes) expect(answer.body["error_msg"]).toContain(`${url} (ECONNREFUSED)`);
    expect(answer.body["error_msg"]).toContain("probe to false");
    expect((await tenant.call("GET", path)).body["total_count"]).toBe(1);
  });

  test("credentials are sent to the nodes, kept sealed, and shown nowhere", async () => {
    const tenant = await owner();
    const node = await startTestNode((request, response) => {
      const isRight = request.headers.authorization === `Basic ${btoa("admin:hunter2")}`;
      response.writeHead(isRight ? 200 : 401).end('{"version":{"number":"2","distribution":"opensearch"}}');
    });
    const nodes = [`http://127.0.0.1:${node.port}`];
    const wish = { name: "logs", nodes, username: "admin", password: "hunter2" };
    const wrong = await tenant.call("POST", path, { ...wish, password: "guess" });
    expect(refusal(wrong)).toBe("400 CSS.0001");
    expect(wrong.body["error_msg"]).toContain("refuses the user name and password");
    const answer = await tenant.call("POST", path, wish);
    expect(answer.body).toMatchObject({ engine: "opensearch" });
    const { clusters } = await tenant.server.store.desiredState();
    const [{ username, sealedPassword } = {}] = clusters;
    expect(username).toBe("admin");
    expect(tenant.server.sealer.unseal(sealedPassword ?? "")).toBe("hunter2");
    const shown = [answer, await tenant.call("GET", path)].map(({ text }) => text).join("");
    expect(shown).not.toContain("hunter2");
    expect(shown).not.toContain(sealedPassword ?? "hunter2");
  });

  test("the CA is used, or none is asked for", async () => {
    const tenant = await owner();
    const { key, cert } = testCertificate();
    const node = await startTestNode(openSearch, { key, cert });
    const wish = { nodes: [`https://127.0.0.1:${node.port}`] };
    const refused = await tenant.call("POST", path, { ...wish, name: "none" });
    expect(refusal(refused)).toBe("400 CSS.6000");
    expect(refused.body["error_msg"]).toContain("SELF_SIGNED");
    expect((await tenant.call("POST", path, { ...wish, name: "ca", ca: cert })).status).toBe(200);
    const blind = { ...wish, name: "blind", insecure_skip_verify: "true" };
    expect((await tenant.call("POST", path, blind)).status).toBe(200);
    const { clusters } = await tenant.server.store.desiredState();
    const kept = clusters.map(({ name, ca, insecureSkipVerify }) => [name, { ca, insecureSkipVerify }]);
    expect(Object.fromEntries(kept)).toEqual({
      blind: { ca: null, insecureSkipVerify: true },
      ca: { ca: cert, insecureSkipVerify: false },
    });
  });

  test("a name is taken once; a released one is free again", async () => {
    const tenant = await owner();
    const first = await tenant.register("logs");
    const wish = { name: "logs", nodes: ["http://h:1"], probe: false };
    expect(refusal(await tenant.call("POST", path, wish))).toBe("409 CSS.0031");
    await first.call("DELETE", "");
    expect((await tenant.call("POST", path, wish)).body).toMatchObject({ state: "registered" });
    expect((await tenant.call("GET", path)).body["total_count"]).toBe(1);
    const stranger = await tenant.server.tenant("stranger");
    expect((await stranger.call("POST", path, wish)).status).toBe(200);
  });

  test("its home is the subnet that is named, or the first of the VPC that is named", async () => {
    const tenant = await owner();
    const subnets = [
      { name: "a", cidr: "127.9.0.0/24" },
      { name: "b", cidr: "127.9.1.0/24" },
    ];
    const vpc = await tenant.call("POST", "/postern/v1/{p}/vpcs", {
      name: "second",
      cidr: "127.9.0.0/16",
      subnets,
    });
    const [a, b] = vpc.body["subnets"] as { id: string }[];
    const home = async (name: string, wish: Json): Promise<unknown> => {
      const { body } = await tenant.call("POST", path, {
        name,
        nodes: ["http://h:1"],
        probe: false,
        ...wish,
      });
      return [body["vpc_id"], body["subnet_id"]];
    };
    expect(await home("one", { vpc_id: vpc.body["id"] })).toEqual([vpc.body["id"], a?.id]);
    expect(await home("two", { subnet_id: b?.id })).toEqual([vpc.body["id"], b?.id]);
  });

  test("another project's VPC or subnet, and a subnet of another VPC, are not found", async () => {
    const tenant = await owner();
    const stranger = await tenant.server.tenant("stranger");
    const { networks } = tenant.server.store;
    const [theirs] = (await networks.vpcs(stranger.projectId, { offset: 0, limit: 1 })).items;
    const [ours] = (await networks.vpcs(tenant.projectId, { offset: 0, limit: 1 })).items;
    const [subnet] = theirs ? await networks.subnets(theirs.id) : [];
    const second = await tenant.call("POST", "/postern/v1/{p}/vpcs", { name: "second" });
    const [ofSecond] = second.body["subnets"] as { id: string }[];
    for (const wish of [
      { vpc_id: theirs?.id },
      { subnet_id: subnet?.id },
      { vpc_id: "x" },
      { subnet_id: "x" },
      { vpc_id: ours?.id, subnet_id: ofSecond?.id },
    ]) {
      const body = { name: "logs", nodes: ["http://h:1"], probe: false, ...wish };
      expect(refusal(await tenant.call("POST", path, body))).toBe("400 CSS.5021");
    }
  });

  test.each([
    [{}, "CSS.5037", "name, nodes"],
    [{ name: "logs" }, "CSS.5037", "nodes"],
    [{ name: "1logs", nodes: ["http://h:1"] }, "CSS.0001", "name"],
    [{ name: "x".repeat(33), nodes: ["http://h:1"] }, "CSS.5038", "name"],
    [{ name: "logs", nodes: [] }, "CSS.5038", "nodes"],
    [{ name: "logs", nodes: Array.from({ length: 201 }, () => "http://h:1") }, "CSS.5038", "200"],
    [{ name: "logs", nodes: "http://h:1" }, "CSS.0001", "nodes"],
    [{ name: "logs", nodes: ["nonsense"] }, "CSS.0001", "nonsense"],
    [{ name: "logs", nodes: ["http://h:1"], engine: "solr" }, "CSS.5038", "engine"],
    [{ name: "logs", nodes: ["http://h:1"], client_port: 0 }, "CSS.5038", "client_port"],
    [{ name: "logs", nodes: ["http://h:1"], client_port: "9200" }, "CSS.0001", "client_port"],
    [{ name: "logs", nodes: ["http://h:1"], username: "u" }, "CSS.5037", "password"],
    [{ name: "logs", nodes: ["http://h:1"], password: "p" }, "CSS.5037", "username"],
    [{ name: "logs", nodes: ["http://h:1"], probe: "maybe" }, "CSS.0001", "probe"],
  ])("%j is refused", async (body, code, hint) => {
    const tenant = await owner();
    const answer = await tenant.call("POST", path, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
    expect((await tenant.call("GET", path)).body["total_count"]).toBe(0);
  });
});

describe("looking", () => {
  test("one cluster shows its service and what the gateways say of its nodes", async () => {
    const tenant = await owner();
    const cluster = await tenant.open("logs", { approval_enabled: true, endpoint_with_dns_name: true });
    const before = await tenant.call("GET", `${path}/${cluster.id}`);
    const [node] = before.body["nodes"] as { id: NodeId }[];
    const nodeId = node?.id ?? ("" as NodeId);
    const [service] = (await tenant.server.store.desiredState()).services;
    if (!service) throw new TypeError("no service");
    const health = { serviceId: service.id, nodeId, healthy: false, detail: "ECONNREFUSED" };
    tenant.server.gateways.nodes.set(nodeId, health);
    const { body, headers } = await tenant.call("GET", `${path}/${cluster.id}`);
    expect(body).toMatchObject({
      nodes: [{ healthy: false, detail: "ECONNREFUSED" }],
      service: {
        id: service.id,
        name: service.name,
        enabled: true,
        approval_enabled: true,
        reconcile_connections: true,
        dns: true,
        professional: false,
      },
    });
    expect(String(headers["etag"])).toMatch((await cluster.etag()).replace(/"$/, "."));
  });

  test("the list pages, newest first, released ones included", async () => {
    const tenant = await owner();
    for (const name of ["a", "b", "c"]) {
      await tenant.register(name);
      tenant.server.clock.advance(1_000);
    }
    const { body } = await tenant.call("GET", `${path}?offset=1&limit=1`);
    expect(body).toMatchObject({ clusters: [{ name: "b" }], total_count: 3 });
    expect(refusal(await tenant.call("GET", `${path}?limit=1001`))).toBe("400 CSS.5038");
  });
});

test("another project's registration is not found", async () => {
  const tenant = await owner();
  const cluster = await tenant.open("logs");
  const stranger = await tenant.server.tenant("stranger");
  for (const method of ["GET", "DELETE"] as const) {
    expect(refusal(await stranger.call(method, `${path}/${cluster.id}`))).toBe("403 CSS.0015");
  }
  expect((await stranger.call("GET", path)).body).toEqual({ clusters: [], total_count: 0 });
});

test("removing takes the service, its endpoints and the registration", async () => {
  const tenant = await owner();
  const cluster = await tenant.open("logs");
  const answer = await tenant.call("DELETE", `${path}/${cluster.id}`);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
  expect(await tenant.server.store.desiredState()).toMatchObject({
    clusters: [],
    services: [],
    endpoints: [],
  });
  expect(refusal(await tenant.call("DELETE", `${path}/${cluster.id}`))).toBe("403 CSS.0015");
});
