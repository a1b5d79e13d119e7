import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { networkOf } from "../support/network.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { expectCast, expectDecodable, itemsOf, TerraformProvider } from "../support/terraform-provider.ts";
import type { Json } from "../support/terraform-provider.ts";
import { aUuid, anAddress } from "../support/wire.ts";

/** What the Terraform provider does for its endpoint resources, call by call, with its own checks. */

let postern: Postern;
let node: SearchNode;
let consumer: Tenant;
let owner: TerraformProvider;
let user: TerraformProvider;
let port: number;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  consumer = await createTenant(postern, "consumer");
  owner = new TerraformProvider(postern.admin);
  user = new TerraformProvider(consumer.admin);
  port = await freePort("0.0.0.0");
  await postern.api("POST", "/postern/v1/{pid}/clusters", { name: "logs", nodes: [node.url] });
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const services = "/v1/{pid}/vpc-endpoint-services";
const endpoints = "/v1/{pid}/vpc-endpoints";
let service: string;
let endpoint: string;
let address: { ip: string; port: number };

/** Creation, and creation only, has to answer 200. */
const created = { ok: [200] };

function expectService(body: Json): void {
  expectDecodable(body, {
    id: "string",
    port_id: "string",
    vpc_id: "string",
    pool_id: "string",
    status: "string",
    approval_enabled: "boolean",
    service_name: "string",
    service_type: "string",
    server_type: "string",
    project_id: "string",
    created_at: "string",
    updated_at: "string",
    tcp_proxy: "string",
    description: "string",
    enable_policy: "boolean",
    connection_count: "number",
    ports: "array",
    tags: "array",
    error: "array",
  });
  for (const mapping of itemsOf(body, "ports")) {
    expectDecodable(mapping, { client_port: "number", server_port: "number", protocol: "string" });
  }
}

function expectEndpoint(body: Json): void {
  expectDecodable(body, {
    id: "string",
    service_type: "string",
    status: "string",
    active_status: "array",
    endpoint_service_name: "string",
    endpoint_service_id: "string",
    marker_id: "number",
    enable_dns: "boolean",
    dns_names: "array",
    ip: "string",
    ipv6_address: "string",
    ip_version: "string",
    vpc_id: "string",
    subnet_id: "string",
    project_id: "string",
    tags: "array",
    routetables: "array",
    whitelist: "array",
    enable_whitelist: "boolean",
    description: "string",
    created_at: "string",
    updated_at: "string",
  });
}

/** What the provider keeps of a connection. */
async function connectionsOf(query = ""): Promise<readonly Json[]> {
  const connections = await owner.pages(`${services}/${service}/connections${query}`);
  for (const connection of connections) {
    expectDecodable(connection, {
      id: "string",
      marker_id: "number",
      domain_id: "string",
      status: "string",
      description: "string",
    });
  }
  return connections;
}

/** Only entries of these types count for the provider. */
async function permissionsOf(type: "domainId" | "orgPath"): Promise<readonly string[]> {
  const permissions = await owner.pages(`${services}/${service}/permissions`);
  return permissions
    .filter((entry) => entry["permission_type"] === type)
    .map(({ permission }) => String(permission))
    .toSorted();
}

async function changePermissions(
  action: "add" | "remove",
  permissions: readonly string[],
  type = "domainId",
) {
  const body = { action, permission_type: type, permissions };
  await owner.request("POST", `${services}/${service}/permissions/action`, { body, ok: [200] });
}

const listOf = (tags: object) => Object.entries(tags).map(([key, value]) => ({ key, value: String(value) }));

/** The old tags go, then the new ones come. */
async function changeTags(who: TerraformProvider, resource: string, before: object, after: object) {
  for (const [action, tags] of [
    ["delete", listOf(before)],
    ["create", listOf(after)],
  ] as const) {
    if (tags.length === 0) continue;
    const body = { action, tags };
    await who.request("POST", `/v1/{pid}/${resource}/tags/action`, { body, ok: [200, 204] });
  }
}

describe("huaweicloud_vpcep_service", () => {
  test("create, wait, permit", async () => {
    const { vpc_id: vpcId } = await networkOf(postern);
    const body = {
      vpc_id: vpcId,
      port_id: "logs",
      server_type: "LB",
      service_name: "logs",
      service_type: "interface",
      approval_enabled: false,
      description: "",
      ports: [{ client_port: port, server_port: node.port, protocol: "TCP" }],
      tags: [{ key: "team", value: "search" }],
    };
    const made = await owner.request("POST", services, { body, ...created });
    expectService(made);
    service = String(made["id"]);
    const settled = await owner.poll(`${services}/${service}`, ["creating"], ["available"]);
    expect(settled["id"]).toBe(service);
    await changePermissions("add", [`iam:domain::${consumer.admin.account_id}`, "iam:domain::abc"]);
  });

  test("read", async () => {
    const { vpc_id: vpcId } = await networkOf(postern);
    const read = await owner.request("GET", `${services}/${service}`);
    expectService(read);
    expect(String(read["service_name"]).split(".")[1]).toBe("logs");
    expect(read).toMatchObject({
      status: "available",
      vpc_id: vpcId,
      port_id: aUuid,
      approval_enabled: false,
      server_type: "LB",
      service_type: "interface",
      ports: [{ client_port: port, server_port: node.port, protocol: "TCP" }],
      tags: [{ key: "team", value: "search" }],
      description: "",
    });
    expect(await connectionsOf()).toEqual([]);
    expect(await permissionsOf("domainId")).toEqual(
      [`iam:domain::${consumer.admin.account_id}`, "iam:domain::abc"].toSorted(),
    );
  });

  test("update: name and approval, tags, permissions added and removed", async () => {
    const body = { service_name: "logs2", approval_enabled: true, description: "new" };
    expectService(await owner.request("PUT", `${services}/${service}`, { body, ok: [200] }));
    await changeTags(owner, `endpoint_service/${service}`, { team: "search" }, { team: "core", env: "test" });
    await changePermissions("add", ["iam:domain::def"]);
    await changePermissions("remove", ["iam:domain::abc"]);
    const read = await owner.request("GET", `${services}/${service}`);
    expect(String(read["service_name"]).split(".")[1]).toBe("logs2");
    expect(read).toMatchObject({ approval_enabled: true, description: "new" });
    expect(new Map(itemsOf(read, "tags").map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ["team", "core"],
        ["env", "test"],
      ]),
    );
    expect(await permissionsOf("domainId")).toEqual(
      [`iam:domain::${consumer.admin.account_id}`, "iam:domain::def"].toSorted(),
    );
  });

  test("more permissions than a page are read to the end", async () => {
    const many = Array.from({ length: 25 }, (_, index) => `iam:domain::account${index}`);
    await changePermissions("add", many);
    expect(await permissionsOf("domainId")).toHaveLength(27);
    await changePermissions("remove", many);
    expect(await permissionsOf("domainId")).toHaveLength(2);
  });
});

describe("huaweicloud_vpcep_endpoint", () => {
  test("create, wait", async () => {
    const body = {
      endpoint_service_id: service,
      ...(await networkOf(consumer)),
      enable_dns: true,
      enable_whitelist: true,
      whitelist: ["127.0.0.0/8"],
      description: "for the shop",
      tags: [{ key: "team", value: "shop" }],
    };
    const made = await user.request("POST", endpoints, { body, ...created });
    expectEndpoint(made);
    endpoint = String(made["id"]);
    const path = `${endpoints}/${endpoint}`;
    const settled = await user.poll(path, ["creating"], ["accepted", "pendingAcceptance"]);
    expect(settled["id"]).toBe(endpoint);
  });

  test("read", async () => {
    const read = await user.request("GET", `${endpoints}/${endpoint}`);
    expectEndpoint(read);
    expect(read).toMatchObject({
      ...(await networkOf(consumer)),
      status: "pendingAcceptance",
      endpoint_service_id: service,
      endpoint_service_name: expect.stringContaining(".logs2."),
      service_type: "interface",
      active_status: ["active"],
      marker_id: expect.any(Number),
      ip_version: "ipv4",
      enable_dns: true,
      enable_whitelist: true,
      whitelist: ["127.0.0.0/8"],
      description: "for the shop",
      tags: [{ key: "team", value: "shop" }],
      dns_names: [expect.stringContaining(endpoint)],
    });
  });
});

/** One call an endpoint; the wait takes nothing but the wanted end. */
async function decide(action: "receive" | "reject") {
  const body = { action, endpoints: [endpoint] };
  await owner.request("POST", `${services}/${service}/connections/action`, { body, ok: [200] });
  const target = action === "receive" ? "accepted" : "rejected";
  const path = `${services}/${service}/connections?id=${endpoint}`;
  await owner.poll(path, ["creating", "pendingAcceptance"], [target], (page) => {
    const connections = itemsOf(page, "connections");
    expect(connections.map(({ id }) => id)).toEqual([endpoint]);
    return String(connections[0]?.["status"]);
  });
  const read = await user.request("GET", `${endpoints}/${endpoint}`);
  expect(read).toMatchObject({ status: target, ip: anAddress });
  address = { ip: String(read["ip"]), port };
}

describe("huaweicloud_vpcep_approval", () => {
  test("create: the service must be available, then the endpoint is received", async () => {
    expect((await owner.request("GET", `${services}/${service}`))["status"]).toBe("available");
    await decide("receive");
    expect(await connectionsOf()).toMatchObject([
      { id: endpoint, status: "accepted", domain_id: consumer.admin.account_id },
    ]);
    await (await openSession(address)).echo();
  });

  test("update: rejected and received again", async () => {
    await decide("reject");
    expect(await refusalOf(address)).toBe("ECONNRESET");
    await decide("receive");
    await (await openSession(address)).echo();
  });

  test("the connection's description, as its own resource", async () => {
    const path = `${services}/${service}/connections`;
    const body = { connections: [{ id: endpoint, description: "the shop's" }] };
    await owner.request("PUT", `${path}/description`, { body });
    const page = await owner.request("GET", `${path}?limit=1000&id=${endpoint}`);
    expect(itemsOf(page, "connections")).toMatchObject([{ id: endpoint, description: "the shop's" }]);
  });
});

describe("updates of huaweicloud_vpcep_endpoint", () => {
  test.each([
    [true, ["10.99.0.0/16"], "refused"],
    [true, ["127.0.0.1"], "let in"],
    [false, [], "let in"],
    [false, null, "let in"],
  ])("enable_whitelist %s with %j: this source is %s", async (isEnabled, whitelist, outcome) => {
    const body = { enable_whitelist: isEnabled, whitelist };
    expectEndpoint(await user.request("PUT", `${endpoints}/${endpoint}`, { body, ok: [200] }));
    const read = await user.request("GET", `${endpoints}/${endpoint}`);
    expect(read).toMatchObject({ enable_whitelist: isEnabled, whitelist: whitelist ?? [] });
    const isRefused = await openSession(address).then(
      (session) => session.echo().then(() => false),
      () => true,
    );
    expect(isRefused ? "refused" : "let in").toBe(outcome);
  });

  test("tags", async () => {
    await changeTags(user, `endpoint/${endpoint}`, { team: "shop" }, { team: "web" });
    const read = await user.request("GET", `${endpoints}/${endpoint}`);
    expect(read["tags"]).toEqual([{ key: "team", value: "web" }]);
  });

  test.each([
    ["policy", { policy_document: { Version: "5.0", Statement: [] } }, "EndPoint.2048"],
    ["routetables", { routetables: ["a"] }, "EndPoint.2040"],
  ])("%s, which an interface endpoint here has not, fails with a reason", async (path, body, code) => {
    const refused = user.request("PUT", `${endpoints}/${endpoint}/${path}`, { body });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      body: { error_code: code, error_msg: expect.stringMatching(/.{20}/) },
    });
  });
});

describe("data sources and actions", () => {
  test("services, public services, summary", async () => {
    const name = String((await owner.request("GET", `${services}/${service}`))["service_name"]);
    const found = await owner.pages(
      `${services}?endpoint_service_name=LOGS2&server_type=LB&status=available`,
    );
    for (const item of found) expectService(item);
    expect(found).toMatchObject([{ id: service, connection_count: 1, domain_id: postern.admin.account_id }]);
    await changePermissions("add", ["*"]);
    const offers = await user.pages(`${services}/public?endpoint_service_name=logs2`);
    const kinds = { id: "string", owner: "string", service_name: "string", is_charge: "boolean" } as const;
    for (const offer of offers) expectDecodable(offer, kinds);
    expect(offers).toMatchObject([{ id: service, service_name: name, owner: postern.admin.account_id }]);
    await changePermissions("remove", ["*"]);
    expect(await user.pages(`${services}/public?endpoint_service_name=logs2`)).toEqual([]);
    const summary = await user.request("GET", `${services}/describe?endpoint_service_name=${name}`);
    expect(summary).toMatchObject({
      id: service,
      service_type: "interface",
      is_charge: false,
      enable_policy: false,
    });
  });

  test("endpoints, connections, permissions, quotas", async () => {
    const found = await user.pages(`${endpoints}?endpoint_service_name=logs2`);
    for (const item of found) expectEndpoint(item);
    expect(found.map(({ id }) => id)).toEqual([endpoint]);
    expect(await connectionsOf("?status=accepted")).toHaveLength(1);
    expect(await connectionsOf("?status=rejected")).toEqual([]);
    const permissions = await owner.pages(`${services}/${service}/permissions?permission=def`);
    expect(permissions).toMatchObject([{ id: aUuid, permission: "iam:domain::def" }]);
    const { quotas } = await user.request("GET", "/v1/{pid}/quotas?type=endpoint");
    const [resource = {}] = itemsOf(quotas as Json, "resources");
    expectCast(resource, { type: "string", used: "number", quota: "number" });
    expect(resource).toMatchObject({ type: "endpoint", used: 1 });
  });

  test("tags, and resources by tags", async () => {
    const tags = await user.request("GET", "/v1/{pid}/endpoint/tags");
    expect(itemsOf(tags, "tags")).toEqual([{ key: "team", values: ["web"] }]);
    const path = "/v1/{pid}/endpoint/resource_instances/action";
    const found: Json[] = [];
    for (;;) {
      // The limit is text and the offset a number: so it is sent.
      const filter = { action: "filter", limit: "1000", offset: found.length };
      const body = { ...filter, tags: [{ key: "team", values: ["web"] }] };
      const page = await user.request("POST", path, { body });
      expectCast(page, { total_count: "number" });
      const resources = itemsOf(page, "resources");
      if (resources.length === 0) break;
      found.push(...resources);
    }
    expect(found).toMatchObject([{ resource_id: endpoint, tags: [{ key: "team", value: "web" }] }]);
    const count = { action: "count", matches: [{ key: "resource_name", value: endpoint }] };
    expect(await user.request("POST", path, { body: count })).toEqual({ total_count: 1 });
  });

  test("upgrades, and servers that only a cluster may add", async () => {
    await owner.request("POST", `/v2/{pid}/vpc-endpoint-services/${service}/upgrade`, { ok: [204] });
    await user.request("POST", `/v2/{pid}/vpc-endpoints/${endpoint}/upgrade`, { body: { action: "start" } });
    await user.poll(`${endpoints}/${endpoint}`, ["creating"], ["accepted"]);
    const body = { server_resources: [{ resource_id: crypto.randomUUID(), availability_zone_id: "az1" }] };
    const refused = owner.request("POST", `/v2/{pid}/vpc-endpoint-services/${service}/add-server-resources`, {
      body,
    });
    await expect(refused).rejects.toMatchObject({ status: 400, body: { error_code: "EndPoint.1004" } });
  });

  test("permissions of organisations", async () => {
    await changePermissions("add", ["organizations:orgPath::o-1/r-1"], "orgPath");
    expect(await permissionsOf("orgPath")).toEqual(["organizations:orgPath::o-1/r-1"]);
    await changePermissions("remove", ["organizations:orgPath::o-1/r-1"], "orgPath");
    expect(await permissionsOf("orgPath")).toEqual([]);
  });
});

describe("destroy", () => {
  test("the approval rejects, the endpoint goes, then the service", async () => {
    await expect(owner.request("DELETE", `${services}/${service}`)).rejects.toMatchObject({
      body: { error_code: "EndPoint.3006" },
    });
    const body = { action: "reject", endpoints: [endpoint] };
    await owner.request("POST", `${services}/${service}/connections/action`, { body, ok: [200] });
    await user.request("DELETE", `${endpoints}/${endpoint}`);
    await user.poll(`${endpoints}/${endpoint}`, ["deleting"], ["gone"]);
    await owner.request("DELETE", `${services}/${service}`);
    await owner.poll(`${services}/${service}`, ["available", "deleting"], ["gone"]);
  });
});
