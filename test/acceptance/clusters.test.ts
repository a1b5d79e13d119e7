import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";
import { aClusterTime, aUuid, anAddress, anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
beforeAll(async () => {
  node = await startNode({ version: "2.19.0" });
  postern = await startPostern();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const detail = async (id: string) => await postern.api("GET", `/v1.0/{pid}/clusters/${id}`);
const create = async (version: string, cluster: unknown) =>
  await postern.api<{ cluster: { id: string; name: string } }>("POST", `/${version}/{pid}/clusters`, {
    cluster,
  });

/** The fields that the list and the detail of a cluster share. */
const clusterFields = (name: string) => ({
  id: aUuid,
  name,
  status: "200",
  datastore: { type: "opensearch", version: "2.19.0", supportSecuritymode: false },
  instances: [
    { id: aUuid, name: expect.any(String), type: "ess", status: "200", ip: "127.0.0.1", subnetId: aUuid },
  ],
  actions: [],
  actionProgress: {},
  endpoint: `127.0.0.1:${node.port}`,
  vpcId: aUuid,
  subnetId: aUuid,
  currentSubnetIds: aUuid,
  httpsEnable: false,
  authorityEnable: false,
  diskEncrypted: false,
  backupAvailable: false,
  period: false,
  enterpriseProjectId: "0",
  tags: [],
  created: aClusterTime,
  updated: aClusterTime,
});

describe("reading", () => {
  test("the detail has the documented keys and types; vpcepIp comes with the service and goes with it", async () => {
    const service = await Service.register(postern, "detail", [node]);
    const closed = { ...clusterFields("detail"), supportVpcep: true };
    expect((await detail(service.clusterId)).body).toStrictEqual(closed);
    ok(await postern.api("POST", service.path("open"), {}));
    expect((await detail(service.clusterId)).body).toStrictEqual({ ...closed, vpcepIp: anAddress });
    ok(await service.close());
    expect((await detail(service.clusterId)).body).toStrictEqual(closed);
  });

  test("the list is newest first, paged, and without the endpoint's fields", async () => {
    const [first, second] = [
      await Service.register(postern, "list-one", [node]),
      await Service.register(postern, "list-two", [node]),
    ];
    const list = async (query: string) =>
      ok(
        await postern.api<{ totalSize: number; clusters: { id: string }[] }>(
          "GET",
          `/v1.0/{pid}/clusters${query}`,
        ),
      );
    const all = await list("?limit=1000");
    expect(all.clusters[0]).toStrictEqual(clusterFields("list-two"));
    expect(all.clusters.slice(0, 2).map(({ id }) => id)).toEqual([second.clusterId, first.clusterId]);
    expect(all.totalSize).toBe(all.clusters.length);
    // `start` counts from 1, `offset` from 0.
    for (const query of ["?start=2&limit=1", "?offset=1&limit=1"]) {
      expect(await list(query)).toMatchObject({
        totalSize: all.totalSize,
        clusters: [{ id: first.clusterId }],
      });
    }
    expect(await list("?datastoreType=elasticsearch")).toEqual({ totalSize: 0, clusters: [] });
    const bad = await postern.api("GET", "/v1.0/{pid}/clusters?limit=1001");
    expect(bad).toMatchObject({ status: 400, body: { errCode: "CSS.5038" } });
  });

  test("an unknown cluster gets what clients take for a missing one", async () => {
    for (const id of ["5c77b71c-5b35-4f50-8984-76387e42451a", "nonsense"]) {
      const { status, body } = await detail(id);
      expect(status).toBe(403);
      expect(body).toEqual(anError("CSS.0015", new RegExp(id)));
      expect(await postern.api("DELETE", `/v1.0/{pid}/clusters/${id}`)).toMatchObject({ status: 403 });
    }
  });

  test("the snapshot policy that clients read with every cluster is there", async () => {
    const { clusterId } = await Service.register(postern, "policy", [node]);
    const path = `/v1.0/{pid}/clusters/${clusterId}/index_snapshot/policy`;
    expect(ok(await postern.api("GET", path))).toEqual({ enable: "false" });
  });
});

describe("creating adopts what is registered", () => {
  test("v2.0 with loadBalance opens the service in the same step", async () => {
    const { clusterId } = await Service.register(postern, "made-v2", [node]);
    const answer = await create("v2.0", {
      name: "made-v2",
      datastore: { type: "opensearch", version: "2.19.0" },
      // What describes machines is accepted and has no effect.
      roles: [{ type: "ess", flavorRef: "x", instanceNum: 1, volume: { volume_type: "HIGH", size: 40 } }],
      nics: { vpcId: "x", netId: "y", securityGroupId: "z" },
      availability_zone: "az1",
      loadBalance: { endpointWithDnsName: true, vpcPermissions: ["abc"] },
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toStrictEqual({ cluster: { id: clusterId, name: "made-v2" } });
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    const connections = ok(
      await postern.api("GET", `/v1.0/{pid}/clusters/${clusterId}/vpcepservice/connections`),
    );
    expect(connections).toMatchObject({
      connections: [{ status: "accepted", vpcepDnsName: expect.any(String) }],
      permissions: [{ permission: "iam:domain::abc" }],
    });
    const own = ok(await postern.api<{ vpcepIp: string }>("GET", `/v1.0/{pid}/clusters/${clusterId}`));
    const { client_port: port } = ok(
      await postern.api<{ client_port: number }>("GET", `/postern/v1/{pid}/clusters/${clusterId}`),
    );
    const session = await openSession({ ip: own.vpcepIp, port });
    await session.echo();
    session.close();
  });

  test("v1.0 adopts without opening, and only once", async () => {
    const { clusterId } = await Service.register(postern, "made-v1", [node]);
    const made = await create("v1.0", { name: "made-v1", instanceNum: 1 });
    expect(made).toMatchObject({ status: 200, body: { cluster: { id: clusterId } } });
    const again = await create("v1.0", { name: "made-v1", instanceNum: 1 });
    expect(again.status).toBe(409);
    expect(again.body).toEqual(anError("CSS.0031"));
  });

  test.each([
    ["no name", { datastore: { type: "opensearch" } }, 400, "CSS.5037"],
    ["no datastore", { name: "made-not" }, 400, "CSS.5037"],
    ["a name that is too short", { name: "abc", datastore: { type: "opensearch" } }, 400, "CSS.5038"],
    ["a name of other signs", { name: "4four", datastore: { type: "opensearch" } }, 400, "CSS.0001"],
    ["another engine", { name: "made-not", datastore: { type: "solr" } }, 400, "CSS.5038"],
    ["the wrong engine", { name: "made-not", datastore: { type: "elasticsearch" } }, 400, "CSS.0001"],
    ["a name that nobody registered", { name: "nobody", datastore: { type: "opensearch" } }, 400, "CSS.6000"],
    [
      "loadBalance without its required field",
      { name: "made-not", datastore: { type: "opensearch" }, loadBalance: {} },
      400,
      "CSS.5037",
    ],
    [
      "a whitelist entry that is none",
      {
        name: "made-not",
        datastore: { type: "opensearch" },
        loadBalance: { endpointWithDnsName: false, vpcPermissions: ["a b"] },
      },
      400,
      "CSS.0001",
    ],
  ])("v2.0 refuses %s, and nothing is half-made", async (_what, cluster, status, code) => {
    const present = await postern.api("POST", "/postern/v1/{pid}/clusters", {
      name: "made-not",
      nodes: [node.url],
    });
    expect([200, 409]).toContain(present.status);
    const answer = await create("v2.0", cluster);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(anError(code));
    const { clusters } = ok(
      await postern.api<{ clusters: { name: string }[] }>("GET", "/postern/v1/{pid}/clusters?limit=1000"),
    );
    expect(clusters.find(({ name }) => name === "made-not")).toMatchObject({
      state: "registered",
      service: null,
    });
  });
});

describe("deleting", () => {
  test("v1.0 cuts everything; created again it is another cluster of the same registration", async () => {
    const service = await Service.open(postern, "deleted", [node]);
    const session = await openSession(await service.ownEndpoint());
    const answer = await postern.api("DELETE", `/v1.0/{pid}/clusters/${service.clusterId}`);
    expect(answer).toMatchObject({ status: 200, body: {} });
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    await expect(session.echo()).rejects.toThrow(/ended|closed|ECONNRESET|EPIPE/);
    expect(await detail(service.clusterId)).toMatchObject({ status: 403 });
    const made = ok(await create("v2.0", { name: "deleted", datastore: { type: "opensearch" } }));
    expect(made.cluster.id).not.toBe(service.clusterId);
    expect((await detail(made.cluster.id)).body).toMatchObject({
      name: "deleted",
      endpoint: `127.0.0.1:${node.port}`,
    });
  });

  test("our own removes the registration as well", async () => {
    const service = await Service.open(postern, "removed", [node]);
    const answer = await postern.api("DELETE", `/postern/v1/{pid}/clusters/${service.clusterId}`);
    expect(answer.status).toBe(204);
    expect(await create("v2.0", { name: "removed", datastore: { type: "opensearch" } })).toMatchObject({
      status: 400,
      body: { errCode: "CSS.6000" },
    });
  });
});

const register = async (body: unknown) => await postern.api("POST", "/postern/v1/{pid}/clusters", body);

describe("registering", () => {
  test("asks the nodes what they are", async () => {
    const elastic = await startNode({ engine: "elasticsearch", version: "8.15.0" });
    const { body } = await register({ name: "asked", nodes: [elastic.url] });
    expect(body).toStrictEqual({
      id: aUuid,
      name: "asked",
      state: "registered",
      engine: "elasticsearch",
      version: "8.15.0",
      client_port: 9200,
      vpc_id: aUuid,
      subnet_id: aUuid,
      nodes: [
        {
          id: aUuid,
          url: elastic.url,
          state: "serving",
          healthy: null,
          detail: expect.any(String),
          sessions: 0,
        },
      ],
      service: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    await elastic.stop();
  });

  test("says which node does not answer, unless it is told not to ask", async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const answer = await register({ name: "dead", nodes: [dead] });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(anError("CSS.6000", new RegExp(`${dead}.*ECONNREFUSED`)));
    expect(await register({ name: "dead", nodes: [dead], probe: false })).toMatchObject({
      status: 200,
      body: { version: "unknown" },
    });
  });

  test.each([
    ["no nodes", { name: "bad" }, "CSS.5037"],
    ["an empty list of nodes", { name: "bad", nodes: [] }, "CSS.5038"],
    ["a node that is no URL", { name: "bad", nodes: ["10.0.0.5"] }, "CSS.0001"],
    ["a node with a path", { name: "bad", nodes: ["http://10.0.0.5:9200/x"] }, "CSS.0001"],
    ["credentials in a URL", { name: "bad", nodes: ["http://u:p@10.0.0.5:9200"] }, "CSS.0001"],
    ["another scheme", { name: "bad", nodes: ["ftp://10.0.0.5"] }, "CSS.0001"],
    ["a node named twice", { name: "bad", nodes: ["http://10.0.0.5:1", "http://10.0.0.5:1"] }, "CSS.0001"],
    ["a user without a password", { name: "bad", nodes: ["http://10.0.0.5:1"], username: "u" }, "CSS.5037"],
    ["a port that is none", { name: "bad", nodes: ["http://10.0.0.5:1"], client_port: 65_536 }, "CSS.5038"],
    ["another VPC", { name: "bad", nodes: ["http://10.0.0.5:1"], vpc_id: "x", probe: false }, "CSS.5021"],
  ])("refuses %s", async (_what, body, code) => {
    const answer = await register(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(anError(code));
  });

  test("refuses a name that is taken", async () => {
    await register({ name: "taken", nodes: [node.url] });
    const answer = await register({ name: "taken", nodes: [node.url] });
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual(anError("CSS.0031", /taken/));
  });

  test("credentials reach the nodes and no answer", async () => {
    const guarded = await startNode();
    guarded.behave({ credentials: { username: "monitor", password: "hush-hush" } });
    const wrong = { name: "guarded", nodes: [guarded.url], username: "monitor", password: "wrong" };
    const refused = await register(wrong);
    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(anError("CSS.0001", /user name and password/));
    const answer = await register({ ...wrong, password: "hush-hush" });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).not.toContain("hush-hush");
    await guarded.stop();
  });
});
