import { describe, expect, test } from "vitest";
import { refusal, startTestServer, TestCluster } from "../test-server.ts";

const v1 = "/v1.0/{p}/clusters";
const v2 = "/v2.0/{p}/clusters";
const datastore = { type: "opensearch", version: "2.19.0" };

describe.each([v1, v2])("%s", (path) => {
  test("adopts the cluster that was registered under the name", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const { id } = await owner.register("logs");
    const answer = await owner.call("POST", path, { cluster: { name: "logs", datastore } });
    expect([answer.status, answer.body]).toEqual([200, { cluster: { id, name: "logs" } }]);
    const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${id}`);
    expect(body["state"]).toBe("adopted");
  });

  test("a name that nobody registered says how to register one", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const answer = await owner.call("POST", path, { cluster: { name: "logs", datastore } });
    expect(refusal(answer)).toBe("400 CSS.6000");
    expect(answer.body["error_msg"]).toContain("postern cluster add logs URL");
  });

  test("another project's registration is not found", async () => {
    const server = await startTestServer();
    await (await server.tenant("owner")).register("logs");
    const stranger = await server.tenant("stranger");
    expect(refusal(await stranger.call("POST", path, { cluster: { name: "logs", datastore } }))).toBe(
      "400 CSS.6000",
    );
  });

  test("a second time is a conflict", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    await owner.register("logs");
    const body = { cluster: { name: "logs", datastore } };
    await owner.call("POST", path, body);
    expect(refusal(await owner.call("POST", path, body))).toBe("409 CSS.0031");
  });

  test("another engine than the registered one is refused, and nothing is adopted", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const { id } = await owner.register("logs");
    const answer = await owner.call("POST", path, {
      cluster: { name: "logs", datastore: { type: "elasticsearch", version: "7" } },
    });
    expect(refusal(answer)).toBe("400 CSS.0001");
    const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${id}`);
    expect(body["state"]).toBe("registered");
  });

  test("after a delete it is another cluster: with a new id, and closed", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const first = await owner.open("logs");
    await first.call("DELETE", "");
    const { body } = await owner.call("POST", path, { cluster: { name: "logs", datastore } });
    const second = new TestCluster(owner, (body["cluster"] as { id: string }).id);
    expect(second.id).not.toBe(first.id);
    expect((await second.call("GET", "")).body).toMatchObject({ name: "logs" });
    expect(refusal(await second.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
    expect(refusal(await first.call("GET", ""))).toBe("403 CSS.0015");
  });

  test.each([
    [{}, "CSS.5037", "cluster"],
    [{ cluster: {} }, "CSS.5037", "name"],
    [{ cluster: "logs" }, "CSS.0001", "cluster"],
    [{ cluster: { name: "abc", datastore } }, "CSS.5038", "4 to 32"],
    [{ cluster: { name: "x".repeat(33), datastore } }, "CSS.5038", "4 to 32"],
    [{ cluster: { name: "1logs", datastore } }, "CSS.0001", "name"],
    [{ cluster: { name: "lo gs", datastore } }, "CSS.0001", "name"],
    [{ cluster: { name: "logs", datastore: { type: "solr", version: "1" } } }, "CSS.5038", "opensearch"],
    [{ cluster: { name: "logs", datastore: 7 } }, "CSS.0001", "datastore"],
  ])("%j is refused", async (body, code, hint) => {
    const owner = await (await startTestServer()).tenant("owner");
    const answer = await owner.call("POST", path, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
  });
});

test("the old version needs no datastore; the new one does", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  await owner.register("logs");
  expect(refusal(await owner.call("POST", v2, { cluster: { name: "logs" } }))).toBe("400 CSS.5037");
  expect((await owner.call("POST", v1, { cluster: { name: "logs" } })).status).toBe(200);
});

test("what describes machines is accepted and has no effect", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  await owner.register("logs");
  const answer = await owner.call("POST", v2, {
    cluster: {
      name: "logs",
      datastore,
      roles: [{ type: "ess", flavorRef: "f", instanceNum: 3, volume: { volume_type: "HIGH", size: 40 } }],
      nics: { vpcId: "v", netId: "n", securityGroupId: "s" },
      availability_zone: "az1",
      httpsEnable: "false",
    },
  });
  expect(answer.status).toBe(200);
});

describe("loadBalance", () => {
  test("opens the service with its options and whitelist in the same write", async () => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    await owner.register("logs");
    const { revision } = server.store;
    const { body } = await owner.call("POST", v2, {
      cluster: {
        name: "logs",
        datastore,
        loadBalance: { endpointWithDnsName: "true", vpcPermissions: ["aaa"], professionVpcep: true },
      },
    });
    expect(server.store.revision).toBe(revision + 1);
    const cluster = new TestCluster(owner, (body["cluster"] as { id: string }).id);
    const { connections, permissions } = await cluster.connections();
    expect(connections).toMatchObject([
      { maxSession: "1000000", vpcepDnsName: expect.stringContaining("vpcep-") },
    ]);
    expect(permissions.map(({ permission }) => permission)).toEqual(["iam:domain::aaa"]);
  });

  test("without a list keeps the owner on the whitelist", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    const loadBalance = { endpointWithDnsName: false };
    await owner.call("POST", v2, { cluster: { name: "logs", datastore, loadBalance } });
    expect((await cluster.connections()).permissions).toMatchObject([
      { permission: `iam:domain::${owner.accountId}` },
    ]);
  });

  test.each([
    [{}, "400 CSS.5037"],
    [{ endpointWithDnsName: true, vpcPermissions: ["no id"] }, "400 CSS.0001"],
    [{ endpointWithDnsName: true, dualstackEnable: true }, "400 CSS.5140"],
  ])("%j is refused, and the cluster is not adopted", async (loadBalance, code) => {
    const owner = await (await startTestServer()).tenant("owner");
    const { id } = await owner.register("logs");
    const answer = await owner.call("POST", v2, { cluster: { name: "logs", datastore, loadBalance } });
    expect(refusal(answer)).toBe(code);
    const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${id}`);
    expect(body).toMatchObject({ state: "registered", service: null });
  });
});
