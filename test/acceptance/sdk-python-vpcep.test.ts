import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { networkOf } from "../support/network.ts";
import type { Postern } from "../support/postern.ts";
import type { PythonSdk } from "../support/python-sdk.ts";
import { startPythonSystem } from "../support/python-system.ts";
import type { Ask, PythonSystem } from "../support/python-system.ts";
import { Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import type { Tenant } from "../support/tenant.ts";
import { aTime, aUuid, anAddress } from "../support/wire.ts";

/** The published Python clients, unchanged: nothing but their endpoint tells them apart from those of the cloud. */

let system: PythonSystem;
let postern: Postern;
let consumer: Tenant;
let sdk: PythonSdk;
let owner: Ask;
let user: Ask;
let obstacle = "";
beforeAll(async () => {
  const started = await startPythonSystem();
  if (typeof started === "string") {
    obstacle = started;
    return;
  }
  system = started;
  ({ postern, consumer, sdk, askAsOwner: owner, askAsConsumer: user } = system);
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** The status of a call whose answer has no body. */
const statusOf = async (who: "owner" | "consumer", ...[method, request]: Parameters<Ask>) =>
  (await sdk.call(who, method, request)).status;

type Resource = { readonly id: string; readonly status: string; readonly ip?: string };

describe("the endpoint client", () => {
  let service: { vpc_endpoint_service_id: string };
  let endpoint: { vpc_endpoint_id: string };
  let network: { vpc_id: string; subnet_id: string };

  test("creates a service, with every field as it was asked for", async () => {
    const cluster = await Service.register(postern, "traces", [system.node]);
    const { vpc_id } = await networkOf(postern);
    const ports = [
      { client_port: await freePort("0.0.0.0"), server_port: system.node.port, protocol: "TCP" },
    ];
    const tags = [{ key: "team", value: "search" }];
    const wish = {
      service_name: "traces",
      server_type: "LB",
      approval_enabled: true,
      description: "of us all",
    };
    const body = { ...wish, port_id: cluster.clusterId, vpc_id, ports, tags };
    const made = await owner<Resource>("vpcep.create_endpoint_service", { body });
    service = { vpc_endpoint_service_id: made.id };
    const name = `region-1.traces.${made.id}`;
    const expected = { ...body, service_name: name, service_type: "interface", status: "available" };
    const { supported_editions: _, ...seen } = await owner<Record<string, unknown>>(
      "vpcep.list_service_details",
      service,
    );
    expect(seen).toMatchObject({ ...expected, id: made.id, created_at: aTime, tcp_proxy: "close" });
    const listed = await owner("vpcep.list_endpoint_service", { endpoint_service_name: "TRACES", limit: 1 });
    expect(listed).toMatchObject({ total_count: 1, endpoint_services: [expected] });
  });

  test("keeps the whitelist, entry by entry", async () => {
    const entry = `iam:domain::${consumer.admin.account_id}`;
    const action = { ...service, body: { action: "add", permissions: [entry], permission_type: "domainId" } };
    expect(await owner("vpcep.add_or_remove_service_permissions", action)).toEqual({
      permissions: [entry],
      permission_type: "domainId",
    });
    const body = { permissions: [{ permission: "iam:domain::abc", description: "soon" }] };
    type Permissions = {
      readonly permissions: readonly { readonly id: string; readonly permission: string }[];
    };
    const added = await owner<Permissions>("vpcep.batch_add_endpoint_service_permissions", {
      ...service,
      body,
    });
    expect(added.permissions).toMatchObject([
      { id: aUuid, permission: "iam:domain::abc", permission_type: "domainId", description: "soon" },
    ]);
    const id = added.permissions[0]?.id;
    const note = { permission_id: id, body: { permission: { description: "now" } } };
    const noted = await owner("vpcep.update_endpoint_service_permission_desc", { ...service, ...note });
    expect(noted).toMatchObject({ permissions: [{ id, description: "now" }] });
    const filter = { ...service, permission: "abc", limit: 1 };
    expect(await owner("vpcep.list_service_permissions_details", filter)).toMatchObject({
      permissions: [{ id, permission: "iam:domain::abc", permission_type: "domainId" }],
      total_count: 1,
    });
    const gone = { ...service, body: { permissions: [{ id }] } };
    await owner("vpcep.batch_remove_endpoint_service_permissions", gone);
    const left = await owner<Permissions>("vpcep.list_service_permissions_details", service);
    expect(left.permissions.map(({ permission }) => permission)).toEqual([entry]);
    const described = await user("vpcep.list_service_describe_details", {
      id: service.vpc_endpoint_service_id,
    });
    expect(described).toMatchObject({
      service_name: `region-1.traces.${service.vpc_endpoint_service_id}`,
      is_charge: false,
    });
  });

  test("creates an endpoint, which waits for the owner's approval", async () => {
    network = await networkOf(consumer);
    const wish = { endpoint_service_id: service.vpc_endpoint_service_id, ...network, enable_dns: true };
    const made = await user<Resource>("vpcep.create_endpoint", {
      body: { ...wish, description: "for the shop" },
    });
    endpoint = { vpc_endpoint_id: made.id };
    const seen = await user<Resource>("vpcep.list_endpoint_info_details", endpoint);
    expect(seen).toMatchObject({ ...wish, status: "pendingAcceptance", description: "for the shop" });
    expect(seen).not.toHaveProperty("ip");
    const pending = { ...service, status: "pendingAcceptance" };
    expect(await owner("vpcep.list_service_connections", pending)).toMatchObject({
      total_count: 1,
      connections: [{ id: made.id, domain_id: consumer.admin.account_id, marker_id: expect.any(Number) }],
    });
    const body = { connections: [{ id: made.id, description: "the shop's" }] };
    expect(await owner("vpcep.update_endpoint_connections_desc", { ...service, body })).toMatchObject({
      connections: [{ id: made.id, description: "the shop's" }],
    });
    const approval = { ...service, body: { action: "receive", endpoints: [made.id] } };
    expect(await owner("vpcep.accept_or_reject_endpoint", approval)).toMatchObject({
      connections: [{ id: made.id, status: "accepted" }],
    });
    expect(await user("vpcep.list_endpoint_info_details", endpoint)).toMatchObject({
      status: "accepted",
      ip: anAddress,
      active_status: ["active"],
      dns_names: [expect.stringContaining(made.id)],
      created_at: aTime,
    });
  });

  test("lists endpoints by page, to the end", async () => {
    type Endpoints = { readonly endpoints: readonly Resource[]; readonly total_count: number };
    const page = async (wanted: object) => {
      const { endpoints, total_count: total } = await user<Endpoints>("vpcep.list_endpoints", wanted);
      return [total, ...endpoints.map(({ id }) => id)];
    };
    const first = endpoint.vpc_endpoint_id;
    const wish = { endpoint_service_id: service.vpc_endpoint_service_id, ...network };
    const { id: second } = await user<Resource>("vpcep.create_endpoint", { body: wish });
    expect(await page({ limit: 1 })).toEqual([2, second]);
    expect(await page({ limit: 1, offset: 1 })).toEqual([2, first]);
    expect(await page({ sort_dir: "asc", sort_key: "create_at" })).toEqual([2, first, second]);
    expect(await page({ offset: 2 })).toEqual([2]);
    expect(await page({ id: first })).toEqual([1, first]);
    expect(await user("vpcep.list_quota_details", { type: "endpoint" })).toMatchObject({
      quotas: { resources: [{ type: "endpoint", used: 2, quota: expect.any(Number) }] },
    });
    expect(await statusOf("consumer", "vpcep.delete_endpoint", { vpc_endpoint_id: second })).toBe(204);
    expect(await page({})).toEqual([1, first]);
  });

  test("guards an endpoint by its sources", async () => {
    const body = { enable_whitelist: true, whitelist: ["10.99.0.0/16"] };
    expect(await user("vpcep.update_endpoint_white", { ...endpoint, body })).toMatchObject(body);
    const { ports } = await owner<{ ports: { client_port: number }[] }>(
      "vpcep.list_service_details",
      service,
    );
    const seen = await user<Resource>("vpcep.list_endpoint_info_details", endpoint);
    const target = { ip: seen.ip ?? "", port: ports[0]?.client_port ?? 0 };
    expect(await refusalOf(target)).toBe("ECONNRESET");
    const none = { ...endpoint, body: { enable_whitelist: false, whitelist: [] } };
    expect(await user("vpcep.update_endpoint_white", none)).toMatchObject(none.body);
    await (await openSession(target)).echo();
  });

  test("tags resources, and finds them by their tags", async () => {
    const where = { resource_type: "endpoint", resource_id: endpoint.vpc_endpoint_id };
    const tag = { key: "env", value: "test" };
    const change = (action: string) =>
      statusOf("consumer", "vpcep.batch_add_or_remove_resource_instance", {
        ...where,
        body: { action, tags: [tag] },
      });
    expect(await change("create")).toBe(204);
    const type = { resource_type: "endpoint" };
    expect(await user("vpcep.list_query_project_resource_tags", type)).toEqual({
      tags: [{ key: "env", values: ["test"] }],
    });
    const find = (values: readonly string[], wanted: object) =>
      user("vpcep.list_resource_instances", { ...type, body: { ...wanted, tags: [{ key: "env", values }] } });
    const id = endpoint.vpc_endpoint_id;
    expect(await find(["test"], { action: "filter", limit: "10", offset: "0" })).toEqual({
      resources: [{ resource_id: id, resource_name: id, tags: [tag] }],
      total_count: 1,
    });
    expect(await find(["other"], { action: "count" })).toEqual({ total_count: 0 });
    expect(await change("delete")).toBe(204);
    expect(await user("vpcep.list_query_project_resource_tags", type)).toEqual({ tags: [] });
  });

  test("changes a service and upgrades it with its endpoint", async () => {
    const id = service.vpc_endpoint_service_id;
    const body = { endpoint_service_name: "spans" };
    expect(await owner("vpcep.update_endpoint_service_name", { ...service, body })).toEqual({
      endpoint_service_name: `region-1.spans.${id}`,
    });
    const change = { approval_enabled: false, description: "changed" };
    expect(await owner("vpcep.update_endpoint_service", { ...service, body: change })).toMatchObject({
      ...change,
      service_name: `region-1.spans.${id}`,
    });
    expect(await statusOf("owner", "vpcep.upgrade_endpoint_service", service)).toBe(204);
    expect(
      await statusOf("consumer", "vpcep.upgrade_endpoint", { ...endpoint, body: { action: "start" } }),
    ).toBe(202);
    expect(await owner("vpcep.list_service_details", service)).toMatchObject({
      supported_editions: ["basic", "profession"],
    });
    const everybody = { ...service, body: { action: "add", permissions: ["*"] } };
    await owner("vpcep.add_or_remove_service_permissions", everybody);
    expect(await user("vpcep.list_service_public_details", { endpoint_service_name: "spans" })).toMatchObject(
      {
        endpoint_services: [{ id, owner: postern.admin.account_id, service_type: "interface" }],
        total_count: 1,
      },
    );
  });

  test("is told what an interface endpoint does not have", async () => {
    const policy = { policy_document: { Version: "5.0", Statement: [] } };
    const codes = [
      await sdk.exceptionOf("consumer", "vpcep.update_endpoint_policy", { ...endpoint, body: policy }),
      await sdk.exceptionOf("consumer", "vpcep.delete_endpoint_policy", endpoint),
      await sdk.exceptionOf("consumer", "vpcep.update_endpoint_routetable", {
        ...endpoint,
        body: { routetables: ["a"] },
      }),
      await sdk.exceptionOf("owner", "vpcep.add_endpoint_service_server_resource", {
        ...service,
        body: { server_resources: [{ resource_id: crypto.randomUUID() }] },
      }),
    ].map((error) => `${Reflect.get(error, "status")} ${Reflect.get(error, "error_code")}`);
    expect(codes).toEqual([
      "400 EndPoint.2048",
      "400 EndPoint.2049",
      "400 EndPoint.2040",
      "400 EndPoint.1004",
    ]);
  });

  test("deletes the endpoint, then the service", async () => {
    expect(await sdk.exceptionOf("owner", "vpcep.delete_endpoint_service", service)).toMatchObject({
      status: 400,
      error_code: "EndPoint.3006",
    });
    expect(await statusOf("consumer", "vpcep.delete_endpoint", endpoint)).toBe(204);
    expect(await sdk.exceptionOf("consumer", "vpcep.list_endpoint_info_details", endpoint)).toMatchObject({
      status: 404,
    });
    expect(await statusOf("owner", "vpcep.delete_endpoint_service", service)).toBe(204);
    expect(await sdk.exceptionOf("owner", "vpcep.list_service_details", service)).toMatchObject({
      status: 404,
    });
  });

  test("reads the version", async () => {
    const href = `${postern.endpoint}/v1`;
    expect(await owner("vpcep.list_specified_version_details", { version: "v1" })).toMatchObject({
      version: { id: "v1", status: "CURRENT", links: [{ rel: "self", href, type: "application/json" }] },
    });
  });
});
