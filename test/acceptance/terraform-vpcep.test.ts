import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

/** The calls that the Terraform provider makes for its endpoint resources, one after the other. */

let postern: Postern;
let consumer: Tenant;
let node: SearchNode;
let port: number;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  consumer = await createTenant(postern, "consumer");
  port = await freePort("0.0.0.0");
  await createService();
  await createEndpoint();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

type Caller = Pick<Tenant, "api">;
type Resource = { readonly id: string; readonly status: string; readonly ip?: string };

let serviceId: string;
let endpointId: string;
const services = "/v1/{pid}/vpc-endpoint-services";
const endpoints = "/v1/{pid}/vpc-endpoints";

/** Polls as the provider does: what is not pending must be the target. */
async function waitFor(caller: Caller, path: string, pending: readonly string[], target: readonly string[]) {
  const settled = await eventually(async () => {
    const { status, body } = await caller.api<Resource>("GET", path);
    const state = status === 404 ? "gone" : body.status;
    return pending.includes(state) ? false : { state, body };
  });
  expect(target).toContain(settled.state);
  return settled.body;
}

async function networkOf(caller: Caller): Promise<{ vpc_id: string; subnet_id: string }> {
  type Vpcs = { readonly vpcs: readonly { id: string; subnets: readonly { id: string }[] }[] };
  const { vpcs } = ok(await caller.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  return { vpc_id: vpcs[0]?.id ?? "", subnet_id: vpcs[0]?.subnets[0]?.id ?? "" };
}

async function createService(): Promise<void> {
  ok(await postern.api("POST", "/postern/v1/{pid}/clusters", { name: "logs", nodes: [node.url] }));
  const { vpc_id } = await networkOf(postern);
  const made = await postern.api<Resource>("POST", services, {
    service_name: "logs",
    vpc_id,
    port_id: "logs",
    server_type: "LB",
    service_type: "interface",
    approval_enabled: true,
    description: "",
    ports: [{ client_port: port, server_port: Number(new URL(node.url).port), protocol: "TCP" }],
  });
  expect(made.status).toBe(200);
  serviceId = made.body.id;
  await waitFor(postern, `${services}/${serviceId}`, ["creating"], ["available"]);
  const permissions = [`iam:domain::${consumer.admin.account_id}`];
  const body = { action: "add", permission_type: "domainId", permissions };
  expect((await postern.api("POST", `${services}/${serviceId}/permissions/action`, body)).status).toBe(200);
}

async function createEndpoint(): Promise<void> {
  const made = await consumer.api<Resource>("POST", endpoints, {
    endpoint_service_id: serviceId,
    ...(await networkOf(consumer)),
    enable_dns: true,
    enable_whitelist: false,
    tags: [{ key: "team", value: "search" }],
  });
  expect(made.status).toBe(200);
  endpointId = made.body.id;
  await waitFor(consumer, `${endpoints}/${endpointId}`, ["creating"], ["accepted", "pendingAcceptance"]);
}

/** Waits as the approval resource does, and gives the endpoint's address. */
async function decide(action: "receive" | "reject"): Promise<string> {
  const path = `${services}/${serviceId}/connections`;
  const decided = await postern.api("POST", `${path}/action`, { action, endpoints: [endpointId] });
  expect(decided.status).toBe(200);
  const listed = await postern.api<{ connections: Resource[] }>("GET", `${path}?id=${endpointId}`);
  expect(listed.body.connections).toMatchObject([
    { id: endpointId, status: action === "receive" ? "accepted" : "rejected" },
  ]);
  const { body } = await consumer.api<Resource>("GET", `${endpoints}/${endpointId}`);
  return body.ip ?? "";
}

test("what the service resource reads is what it wrote", async () => {
  const read = await postern.api("GET", `${services}/${serviceId}`);
  expect(read.body).toMatchObject({
    service_name: `${postern.admin.region}.logs.${serviceId}`,
    server_type: "LB",
    approval_enabled: true,
    ports: [{ client_port: port, protocol: "TCP" }],
  });
  const permissions = await postern.api("GET", `${services}/${serviceId}/permissions`);
  expect(permissions.body).toMatchObject({ permissions: [{ permission_type: "domainId" }], total_count: 1 });
  const past = await postern.api("GET", `${services}/${serviceId}/connections?offset=1`);
  expect(past.body).toMatchObject({ connections: [] });
});

test("what the endpoint resource reads has the types that it needs", async () => {
  const { body } = await consumer.api("GET", `${endpoints}/${endpointId}`);
  expect(body).toMatchObject({
    marker_id: expect.any(Number),
    active_status: ["active"],
    enable_dns: true,
    enable_whitelist: false,
    whitelist: [],
    ip_version: "ipv4",
    dns_names: [expect.stringContaining(endpointId)],
  });
});

test("approval opens the way, rejection closes it, and sources are kept out by the whitelist", async () => {
  const ip = await decide("receive");
  const session = await openSession({ ip, port });
  await session.echo();
  const white = { enable_whitelist: true, whitelist: ["10.99.0.0/16"] };
  const written = await consumer.api("PUT", `${endpoints}/${endpointId}`, white);
  expect([written.status, written.body]).toMatchObject([200, white]);
  expect(written.headers.get("x-postern-enforced")).toBe("true");
  expect(written.headers.get("x-postern-severed")).toBe("1");
  expect(await refusalOf({ ip, port })).toBe("ECONNRESET");
  const open = await consumer.api("PUT", `${endpoints}/${endpointId}`, {
    enable_whitelist: false,
    whitelist: null,
  });
  expect(open.body).toMatchObject({ enable_whitelist: false, whitelist: [] });
  (await openSession({ ip, port })).close();
  await decide("reject");
  expect(await refusalOf({ ip, port })).toBe("ECONNRESET");
});

test("updates of service, tags and permissions are taken", async () => {
  const service = { service_name: "logs2", description: "new" };
  const updated = await postern.api("PUT", `${services}/${serviceId}`, service);
  expect([updated.status, updated.body]).toMatchObject([200, { description: "new" }]);
  const tags = [{ key: "team", value: "search" }];
  for (const action of ["delete", "create"]) {
    const path = `/v1/{pid}/endpoint/${endpointId}/tags/action`;
    expect((await consumer.api("POST", path, { action, tags })).status).toBe(204);
  }
});

test("destroying goes from the approval to the service, each gone when it is answered", async () => {
  await decide("receive");
  expect((await postern.api("DELETE", `${services}/${serviceId}`)).body).toMatchObject({
    error_code: "EndPoint.3006",
  });
  await decide("reject");
  expect((await consumer.api("DELETE", `${endpoints}/${endpointId}`)).status).toBe(204);
  await waitFor(consumer, `${endpoints}/${endpointId}`, ["deleting"], ["gone"]);
  expect((await postern.api("DELETE", `${services}/${serviceId}`)).status).toBe(204);
  await waitFor(postern, `${services}/${serviceId}`, ["available", "deleting"], ["gone"]);
});
