import { describe, expect, test } from "vitest";
import { admit, createEndpoint, createService, networkOf, ok, refusalCode, startParties } from "./testing.ts";

const services = "/v1/{p}/vpc-endpoint-services";

test("a service for a cluster, key for key, also when it is read", async () => {
  const { owner } = await startParties();
  const tags = [{ key: "team", value: "search" }];
  const made = await createService(owner, "logs", { description: "Logs", tags });
  const { vpc_id } = await networkOf(owner);
  expect(made).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    port_id: expect.any(String),
    vpc_id,
    status: "available",
    approval_enabled: true,
    service_name: `region-1.logs.${String(made["id"])}`,
    service_type: "interface",
    server_type: "LB",
    project_id: owner.projectId,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    updated_at: made["created_at"],
    ports: [{ client_port: 80, server_port: 9200, protocol: "TCP" }],
    tcp_proxy: "close",
    tags,
    description: "Logs",
    enable_policy: false,
    ip_version: "ipv4",
    cidr_type: "internal",
    supported_editions: ["basic"],
  });
  const read = ok(await owner.call("GET", `${services}/${String(made["id"])}`));
  expect(read).toEqual({ ...made, connection_count: 0 });
  const list = ok(await owner.call("GET", `${services}?endpoint_service_name=LOG`));
  expect(list).toEqual({
    endpoint_services: [{ ...read, domain_id: owner.accountId }],
    total_count: 1,
  });
  expect(ok(await owner.call("GET", `${services}?status=failed`))["total_count"]).toBe(0);
});

test("what CSS opens shows as a service, and what is closed does not", async () => {
  const { owner } = await startParties();
  const cluster = await owner.open("logs");
  const [service] = ok(await owner.call("GET", services))["endpoint_services"] as Record<string, unknown>[];
  expect(service).toMatchObject({ port_id: cluster.id, connection_count: 1, approval_enabled: false });
  const path = `${services}/${String(service?.["id"])}`;
  expect(refusalCode(await owner.call("DELETE", path))).toBe("400 EndPoint.3045");
  await cluster.call("PUT", "/vpcepservice/close");
  expect(refusalCode(await owner.call("GET", path))).toBe("404 EndPoint.0005");
  expect(ok(await owner.call("GET", services))["total_count"]).toBe(0);
});

test("pages go on past one another and end in an empty list", async () => {
  const { owner, server } = await startParties();
  for (const name of ["a", "b", "c"]) {
    await createService(owner, name);
    server.clock.advance(1000);
  }
  const names: unknown[] = [];
  for (const offset of [0, 2, 4]) {
    const page = ok(await owner.call("GET", `${services}?limit=2&offset=${offset}`));
    expect(page["total_count"]).toBe(3);
    names.push((page["endpoint_services"] as { service_name: string }[]).map((one) => one.service_name[9]));
  }
  expect(names).toEqual([["c", "b"], ["a"], []]);
  const oldest = ok(await owner.call("GET", `${services}?sort_key=create_at&sort_dir=asc&limit=1`));
  expect(oldest["endpoint_services"]).toMatchObject([{ service_name: expect.stringContaining(".a.") }]);
});

test("others find a service by name once it admits them, and everybody sees what is open to everybody", async () => {
  const { owner, guest } = await startParties();
  const { id, service_name: name } = await createService(owner, "logs");
  const described = `${services}/describe?endpoint_service_name=${String(name)}`;
  expect(refusalCode(await guest.call("GET", described))).toBe("404 EndPoint.0005");
  expect(refusalCode(await guest.call("GET", `${services}/${String(id)}`))).toBe("404 EndPoint.0005");
  expect(ok(await guest.call("GET", `${services}/public`))["total_count"]).toBe(0);
  await admit(owner, id, "*");
  expect(ok(await guest.call("GET", described))).toMatchObject({ id, is_charge: false });
  const [open] = ok(await guest.call("GET", `${services}/public`))["endpoint_services"] as unknown[];
  expect(open).toMatchObject({ id, owner: owner.accountId });
  expect(refusalCode(await guest.call("GET", `${services}/describe`))).toBe("400 EndPoint.0002");
});

describe("creating is refused", () => {
  test.each([
    [{ port_id: "nonsense" }, "400 EndPoint.3003"],
    [{ vpc_id: "nonsense" }, "400 EndPoint.2001"],
    [{ server_type: "XY" }, "400 EndPoint.3021"],
    [{ service_name: "a b" }, "400 EndPoint.3076"],
    [{ service_type: "gateway" }, "400 EndPoint.1004"],
    [{ ports: [] }, "400 EndPoint.3004"],
    [
      { ports: Array.from({ length: 2 }, () => ({ client_port: 80, server_port: 9200 })) },
      "400 EndPoint.3004",
    ],
    [{ ports: [{ client_port: 80, server_port: 9200, protocol: "UDP" }] }, "400 EndPoint.1004"],
    [{ tags: [{ key: "a" }, { key: "a" }] }, "400 EndPoint.3067"],
    [{ tcp_proxy: "toa_open" }, "400 EndPoint.1004"],
    [{ enable_policy: true }, "400 EndPoint.2048"],
  ])("with %j: %s", async (wrong, code) => {
    const { owner } = await startParties();
    const cluster = await owner.register("logs");
    const { vpc_id } = await networkOf(owner);
    const ports = [{ client_port: 80, server_port: 9200 }];
    const body = { port_id: cluster.id, vpc_id, server_type: "LB", ports, ...wrong };
    expect(refusalCode(await owner.call("POST", services, body))).toBe(code);
    expect(ok(await owner.call("GET", services))["total_count"]).toBe(0);
  });

  test.each(["open", "closed"])(
    "where another service of the cluster, which is %s, has the server port",
    async (state) => {
      const { owner } = await startParties();
      const cluster = await owner.open("logs");
      if (state === "closed") await cluster.call("PUT", "/vpcepservice/close");
      const ports = [{ client_port: 80, server_port: 9200 }];
      const { vpc_id } = await networkOf(owner);
      const body = { port_id: cluster.id, vpc_id, server_type: "LB", ports };
      expect(refusalCode(await owner.call("POST", services, body))).toBe("400 EndPoint.3044");
    },
  );
});

test("a service is changed, renamed and upgraded; what cannot change is refused", async () => {
  const { owner } = await startParties();
  const { id, port_id } = await createService(owner, "logs");
  const path = `${services}/${String(id)}`;
  const wish = { approval_enabled: false, description: "x", service_name: "new", port_id };
  expect(ok(await owner.call("PUT", path, wish))).toMatchObject({
    approval_enabled: false,
    description: "x",
    service_name: `region-1.new.${String(id)}`,
    ports: [{ client_port: 80 }],
  });
  expect(refusalCode(await owner.call("PUT", path, { port_id: "other" }))).toBe("400 EndPoint.3045");
  expect(ok(await owner.call("PUT", `${path}/name`, { endpoint_service_name: "obs" }))).toEqual({
    endpoint_service_name: `region-1.obs.${String(id)}`,
  });
  expect((await owner.call("POST", `/v2/{p}/vpc-endpoint-services/${String(id)}/upgrade`)).status).toBe(204);
  expect(ok(await owner.call("GET", path))["supported_editions"]).toEqual(["basic", "profession"]);
  expect(refusalCode(await owner.call("PUT", path, {}, { "if-match": '"1"' }))).toBe("412 EndPoint.1004");
});

test("a service with an endpoint is not deleted; without one it is gone at once", async () => {
  const { owner, guest, server } = await startParties();
  const { id } = await createService(owner, "logs", { approval_enabled: false });
  await admit(owner, id, `iam:domain::${guest.accountId}`);
  const { id: endpointId } = await createEndpoint(guest, id);
  await server.attachAll();
  const path = `${services}/${String(id)}`;
  expect(refusalCode(await owner.call("DELETE", path))).toBe("400 EndPoint.3006");
  expect((await guest.call("DELETE", `/v1/{p}/vpc-endpoints/${String(endpointId)}`)).status).toBe(204);
  expect((await owner.call("DELETE", path)).status).toBe(204);
  expect(refusalCode(await owner.call("GET", path))).toBe("404 EndPoint.0005");
});
