import { describe, expect, test } from "vitest";
import { refusal, startTestServer } from "../test-server.ts";

const open = "/vpcepservice/open";

test("the first time makes the service, the owner's whitelist entry and his endpoint", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.register("logs");
  const answer = await cluster.call("POST", open, {});
  expect([answer.status, answer.body]).toEqual([200, { action: "createVpcepservice" }]);
  expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
  await server.attachAll();
  const body = await cluster.connections();
  expect(body).toEqual({
    connections: [
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        status: "accepted",
        maxSession: "3000",
        specificationName: "default",
        vpcepIp: expect.stringMatching(/^127\.\d+\.\d+\.2$/),
        created_at: "2026-01-02T03:04:05Z",
        domain_id: owner.accountId,
      },
    ],
    vpcepUpdateSwitch: true,
    total_count: 1,
    vpcServiceName: expect.stringMatching(/^region-1\.logs\.[0-9a-f-]{36}$/),
    permissions: [
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        permission: `iam:domain::${owner.accountId}`,
        permission_type: "domainId",
        created_at: "2026-01-02T03:04:05Z",
      },
    ],
  });
});

describe("options", () => {
  test.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["unknown fields", { colour: "red" }],
  ])("%s open a basic endpoint without a name", async (_name, body) => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    expect((await cluster.call("POST", open, body)).status).toBe(200);
    const [own] = (await cluster.connections()).connections;
    expect(own).not.toHaveProperty("vpcepDnsName");
    expect(own?.maxSession).toBe("3000");
  });

  test.each([
    { endpoint_with_dns_name: true },
    { endpoint_with_dns_name: "true" },
    { endpointWithDnsName: true },
    { endpointWithDnsName: "true" },
  ])("%j gives a private name", async (body) => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.open("logs", body);
    const [own] = (await cluster.connections()).connections;
    expect(own?.vpcepDnsName).toBe(`vpcep-${own?.id}.region-1.postern.internal`);
  });

  test.each([{ endpoint_with_dns_name: false }, { endpointWithDnsName: "false" }])(
    "%j gives none",
    async (body) => {
      const owner = await (await startTestServer()).tenant("owner");
      const cluster = await owner.open("logs", body);
      expect((await cluster.connections()).connections[0]).not.toHaveProperty("vpcepDnsName");
    },
  );

  test.each([{ profession_vpcep: true }, { professionVpcep: "true" }])(
    "%j gives a professional endpoint",
    async (body) => {
      const owner = await (await startTestServer()).tenant("owner");
      const cluster = await owner.open("logs", body);
      expect((await cluster.connections()).connections).toMatchObject([
        { maxSession: "1000000", specificationName: "professional" },
      ]);
    },
  );

  test.each([
    ["without professional", { dualstack_enable: true }, /professional endpoint/],
    ["in a subnet without IPv6", { dualstackEnable: "true", professionVpcep: true }, /no IPv6/],
  ])("dual stack %s is refused with the reason, and nothing is made", async (_name, body, reason) => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    const answer = await cluster.call("POST", open, body);
    expect(refusal(answer)).toBe("400 CSS.5140");
    expect(answer.body["error_msg"]).toMatch(reason);
    expect(refusal(await cluster.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
  });

  test.each([
    { endpoint_with_dns_name: "yes" },
    { endpoint_with_dns_name: 1 },
    { endpointWithDnsName: null },
    { profession_vpcep: [true] },
    { dualstack_enable: {} },
    { approval_enabled: "TRUE" },
  ])("%j is refused", async (body) => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    const answer = await cluster.call("POST", open, body);
    expect(refusal(answer)).toBe("400 CSS.0001");
    expect(answer.body["error_msg"]).toContain(Object.keys(body)[0]);
  });

  test("with approval, endpoints of others wait, the owner's own does not", async () => {
    const server = await startTestServer();
    const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
    const cluster = await owner.open("logs", { approval_enabled: "true" });
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [guest.accountId] });
    const { vpcServiceName } = await cluster.connections();
    await guest.connect(vpcServiceName);
    await owner.connect("logs");
    await server.attachAll();
    const { connections } = await cluster.connections();
    const statusOf = (account: string): string[] =>
      connections.filter((entry) => entry.domain_id === account).map(({ status }) => status);
    expect(statusOf(owner.accountId)).toEqual(["accepted", "accepted"]);
    expect(statusOf(guest.accountId)).toEqual(["pendingAcceptance"]);
  });
});

describe("opening again", () => {
  test("while it is open is a conflict and changes nothing", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.open("logs");
    const before = await cluster.connections();
    expect(refusal(await cluster.call("POST", open, { endpoint_with_dns_name: true }))).toBe("409 CSS.0031");
    expect(await cluster.connections()).toEqual(before);
  });

  test("after a close gives the same ids, addresses, whitelist and decisions", async () => {
    const server = await startTestServer();
    const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
    const cluster = await owner.open("logs");
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [guest.accountId] });
    const { vpcServiceName } = await cluster.connections();
    const theirs = await guest.connect(vpcServiceName);
    await cluster.call("POST", "/vpcepservice/connections", { action: "reject", endpoint_id_list: [theirs] });
    await server.attachAll();
    const before = await cluster.connections();
    await cluster.call("PUT", "/vpcepservice/close");
    server.clock.advance(60_000);
    expect((await cluster.call("POST", open)).status).toBe(200);
    expect(await cluster.connections()).toEqual(before);
  });

  test("gives the owner's endpoint more where more is asked for, and never less", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.open("logs");
    const reopen = async (body: object) => {
      await cluster.call("PUT", "/vpcepservice/close");
      await cluster.call("POST", open, body);
      return (await cluster.connections()).connections[0];
    };
    const first = (await cluster.connections()).connections[0];
    const larger = { maxSession: "1000000", specificationName: "professional" };
    const name = `vpcep-${first?.id}.region-1.postern.internal`;
    expect(await reopen({ endpoint_with_dns_name: true })).toMatchObject({
      ...first,
      vpcepDnsName: name,
    });
    expect(await reopen({ profession_vpcep: true })).toMatchObject({
      ...first,
      ...larger,
      vpcepDnsName: name,
    });
    expect(await reopen({})).toMatchObject({ ...first, ...larger, vpcepDnsName: name });
  });

  test("keeps whether the owner approves, unless it says otherwise", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.open("logs", { approval_enabled: true });
    const approval = async (body: object): Promise<unknown> => {
      await cluster.call("PUT", "/vpcepservice/close");
      await cluster.call("POST", open, body);
      const { body: shown } = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}`);
      return (shown["service"] as { approval_enabled: unknown }).approval_enabled;
    };
    expect(await approval({})).toBe(true);
    expect(await approval({ approval_enabled: "false" })).toBe(false);
    expect(await approval({})).toBe(false);
  });
});

test("a subnet without a free address is refused, and nothing half-done is left", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const { body: vpc } = await owner.call("POST", "/postern/v1/{p}/vpcs", {
    name: "tiny",
    cidr: "127.9.9.0/30",
  });
  const first = await owner.register("first", { vpc_id: vpc["id"] });
  const second = await owner.register("second", { vpc_id: vpc["id"] });
  expect((await first.call("POST", open)).status).toBe(200);
  const { revision } = server.store;
  expect(refusal(await second.call("POST", open))).toBe("400 CSS.0064");
  expect(refusal(await second.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
  const { body: shown } = await owner.call("GET", `/postern/v1/{p}/clusters/${second.id}`);
  expect(shown["service"]).toBeNull();
  expect(server.store.revision).toBe(revision);
});
