import { describe, expect, test } from "vitest";
import type { Tenant, TestServer } from "../test-server.ts";
import { admit, createEndpoint, createService, networkOf, ok, refusalCode, startParties } from "./testing.ts";

const endpoints = "/v1/{p}/vpc-endpoints";

async function startOpenService(wish = {}): Promise<{
  server: TestServer;
  owner: Tenant;
  guest: Tenant;
  serviceId: string;
}> {
  const parties = await startParties();
  const { id } = await createService(parties.owner, "logs", { approval_enabled: false, ...wish });
  await admit(parties.owner, id, parties.guest.accountId);
  return { ...parties, serviceId: String(id) };
}

test("an endpoint, key for key, when it is made and when it is up", async () => {
  const { server, guest, serviceId } = await startOpenService();
  const network = await networkOf(guest);
  const wish = { enable_dns: "true", tags: [{ key: "a", value: "b" }], description: "mine" };
  const made = await createEndpoint(guest, serviceId, wish);
  expect(made).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    ...network,
    project_id: guest.projectId,
    endpoint_service_id: serviceId,
    endpoint_service_name: `region-1.logs.${serviceId}`,
    service_type: "interface",
    status: "creating",
    ip: expect.stringMatching(/^127\./),
    ip_version: "ipv4",
    active_status: ["active"],
    enable_status: "enable",
    specification_name: "default",
    marker_id: expect.any(Number),
    enable_dns: true,
    whitelist: [],
    enable_whitelist: false,
    tags: [{ key: "a", value: "b" }],
    description: "mine",
    created_at: expect.any(String),
    updated_at: made["created_at"],
  });
  await server.attachAll();
  const read = ok(await guest.call("GET", `${endpoints}/${String(made["id"])}`));
  const name = `vpcep-${String(made["id"])}.region-1.postern.internal`;
  expect(read).toEqual({ ...made, status: "accepted", dns_names: [name] });
  const list = ok(await guest.call("GET", `${endpoints}?endpoint_service_name=LOGS`));
  expect(list).toEqual({ endpoints: [read], total_count: 1 });
  expect(ok(await guest.call("GET", `${endpoints}?vpc_id=other`))).toEqual({ endpoints: [], total_count: 0 });
});

test("every endpoint has a marker of its own, and no address before it is approved", async () => {
  const { owner, guest, serviceId } = await startOpenService({ approval_enabled: true });
  const [first, second] = [await createEndpoint(guest, serviceId), await createEndpoint(owner, serviceId)];
  expect(first["marker_id"]).not.toBe(second["marker_id"]);
  expect([first["ip"], second["ip"]]).toEqual([undefined, expect.any(String)]);
});

test("a wanted address is taken, and taken once", async () => {
  const { guest, serviceId } = await startOpenService();
  const { ip } = await createEndpoint(guest, serviceId);
  const body = { endpoint_service_id: serviceId, ...(await networkOf(guest)), port_ip: ip };
  expect(refusalCode(await guest.call("POST", endpoints, body))).toBe("400 EndPoint.2042");
  const next = String(ip).replace(/\d+$/, "77");
  expect(await createEndpoint(guest, serviceId, { port_ip: next })).toMatchObject({ ip: next });
});

describe("creating is refused", () => {
  test.each([
    [{ endpoint_service_id: "nonsense" }, "400 EndPoint.2003"],
    [{ vpc_id: "nonsense" }, "400 EndPoint.2001"],
    [{ subnet_id: "nonsense" }, "400 EndPoint.2037"],
    [{ subnet_id: undefined }, "400 EndPoint.0023"],
    [{ port_ip: "nonsense" }, "400 EndPoint.2041"],
    [{ port_ip: "10.9.9.9" }, "400 EndPoint.2043"],
    [{ whitelist: ["nonsense"] }, "400 EndPoint.2044"],
    [{ whitelist: Array.from({ length: 21 }, (_, n) => `10.0.0.${n}`) }, "400 EndPoint.2045"],
    [{ enable_dns: 7 }, "400 EndPoint.2033"],
    [{ routetables: ["x"] }, "400 EndPoint.2040"],
    [{ policy_statement: [{ Effect: "Allow" }] }, "400 EndPoint.2048"],
    [{ ip_version: "dualstack" }, "400 EndPoint.1004"],
    [{ ip_version: "ipv6" }, "400 EndPoint.1004"],
    [{ ipv6_address: "fd00::7" }, "400 EndPoint.0002"],
    [{ description: "<b>" }, "400 EndPoint.0002"],
  ])("with %j: %s", async (wrong, code) => {
    const { guest, serviceId } = await startOpenService();
    const body = { endpoint_service_id: serviceId, ...(await networkOf(guest)), ...wrong };
    expect(refusalCode(await guest.call("POST", endpoints, body))).toBe(code);
    expect(ok(await guest.call("GET", endpoints))["total_count"]).toBe(0);
  });

  test("where the account is not on the whitelist", async () => {
    const { server, serviceId } = await startOpenService();
    const stranger = await server.tenant("stranger");
    const body = { endpoint_service_id: serviceId, ...(await networkOf(stranger)) };
    expect(refusalCode(await stranger.call("POST", endpoints, body))).toBe("400 EndPoint.2012");
  });
});

test("the whitelist of sources is in the snapshot that gateways enforce, and can be taken back", async () => {
  const { server, guest, serviceId } = await startOpenService();
  const { id } = await createEndpoint(guest, serviceId, { whitelist: ["10.0.0.1"], enable_whitelist: true });
  const stored = async (): Promise<unknown> => (await server.store.desiredState()).endpoints;
  expect(await stored()).toMatchObject([{ sourceWhitelistEnabled: true, sourceWhitelist: ["10.0.0.1"] }]);
  const path = `${endpoints}/${String(id)}`;
  const wish = { enable_whitelist: true, whitelist: ["10.1.0.0/16", "fd00:1::/64", "fd00:2::7"] };
  expect(ok(await guest.call("PUT", path, wish))).toMatchObject(wish);
  expect(await stored()).toMatchObject([{ sourceWhitelist: wish.whitelist }]);
  expect(ok(await guest.call("PUT", path, { enable_whitelist: false, whitelist: null }))).toMatchObject({
    enable_whitelist: false,
    whitelist: [],
  });
});

test("a failed endpoint says why, and is not changed", async () => {
  const { server, guest, serviceId } = await startOpenService();
  const { id } = await createEndpoint(guest, serviceId);
  const failure = { code: "port_taken", message: "The port is taken." };
  await server.store.observe((tx) => tx.endpoints.setPhase(id as never, "failed", failure));
  const path = `${endpoints}/${String(id)}`;
  expect(ok(await guest.call("GET", path))).toMatchObject({
    status: "failed",
    error: [{ error_code: "port_taken", error_message: "The port is taken." }],
  });
  expect(refusalCode(await guest.call("PUT", path, { whitelist: [] }))).toBe("400 EndPoint.2047");
});

test("a deleted endpoint is gone at once, and another project's was never there", async () => {
  const { owner, guest, serviceId } = await startOpenService();
  const { id } = await createEndpoint(guest, serviceId);
  const path = `${endpoints}/${String(id)}`;
  expect(refusalCode(await owner.call("GET", path))).toBe("404 EndPoint.2006");
  expect(refusalCode(await owner.call("DELETE", path))).toBe("404 EndPoint.2006");
  expect((await guest.call("DELETE", path)).status).toBe(204);
  expect(refusalCode(await guest.call("GET", path))).toBe("404 EndPoint.2006");
});

test("an endpoint is upgraded once its service is", async () => {
  const { owner, guest, serviceId } = await startOpenService();
  const { id } = await createEndpoint(guest, serviceId);
  const path = `/v2/{p}/vpc-endpoints/${String(id)}/upgrade`;
  expect(refusalCode(await guest.call("POST", path, { action: "start" }))).toBe("400 EndPoint.3045");
  await owner.call("POST", `/v2/{p}/vpc-endpoint-services/${serviceId}/upgrade`);
  expect((await guest.call("POST", path, { action: "start" })).status).toBe(202);
  const read = ok(await guest.call("GET", `${endpoints}/${String(id)}`));
  expect(read["specification_name"]).toBe("professional");
});

test.each([
  ["PUT", "policy", "400 EndPoint.2048"],
  ["DELETE", "policy", "400 EndPoint.2049"],
  ["PUT", "routetables", "400 EndPoint.2040"],
] as const)("%s %s is what gateway endpoints have: %s", async (method, part, code) => {
  const { owner, guest, serviceId } = await startOpenService();
  const { id } = await createEndpoint(guest, serviceId);
  expect(refusalCode(await guest.call(method, `${endpoints}/${String(id)}/${part}`))).toBe(code);
  expect(refusalCode(await owner.call(method, `${endpoints}/${String(id)}/${part}`))).toBe(
    "404 EndPoint.2006",
  );
});
