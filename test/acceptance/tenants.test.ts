import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service, showEndpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { aTime, aUuid, anAccountId, anAddress, anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
let tenant: Tenant;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  tenant = await createTenant(postern, "consumer");
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

test("the operator makes accounts; their credentials are shown once and work at once", async () => {
  const { status, body } = await postern.api("POST", "/postern/v1/accounts", { name: "fresh" });
  expect(status).toBe(200);
  expect(body).toStrictEqual({
    region: "region-1",
    account_id: anAccountId,
    project_id: anAccountId,
    user: "fresh",
    password: expect.stringMatching(/.{12}/),
    access_key: expect.stringMatching(/.{10}/),
    secret_key: expect.stringMatching(/.{20}/),
    token: expect.stringMatching(/.{20}/),
  });
  const { accounts } = ok(await postern.api<{ accounts: { name: string }[] }>("GET", "/postern/v1/accounts"));
  expect(accounts.find(({ name }) => name === "fresh")).toStrictEqual({
    id: body["account_id"],
    name: "fresh",
    created_at: aTime,
  });
  const again = await postern.api("POST", "/postern/v1/accounts", { name: "fresh" });
  expect(again.status).toBe(409);
  expect(again.body).toEqual(anError("EndPoint.3006", /fresh/));
});

test("an account that is not on the whitelist gets no endpoint, one that is gets one that works", async () => {
  const service = await Service.open(postern, "by-whitelist", [node]);
  const name = await service.name();
  const refused = await tenant.api("POST", "/postern/v1/{pid}/endpoints", { service: name });
  expect(refused.status).toBe(400);
  expect(refused.body).toEqual(anError("EndPoint.2012", new RegExp(tenant.admin.account_id)));
  expect((await service.connections()).total_count).toBe(1);

  ok(await service.whitelist(tenant.admin.account_id));
  const answer = await tenant.api("POST", "/postern/v1/{pid}/endpoints", {
    service: name,
    max_session: 10,
    description: "for the shop",
  });
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  const own = await service.ownEndpoint();
  expect(answer.body).toStrictEqual({
    id: aUuid,
    status: "accepted",
    ip: anAddress,
    port: own.port,
    ports: [own.port],
    service_id: name.split(".")[2],
    service_name: name,
    cluster_id: service.clusterId,
    vpc_id: aUuid,
    subnet_id: aUuid,
    account_id: tenant.admin.account_id,
    project_id: tenant.admin.project_id,
    max_session: 10,
    attached: true,
    specification_name: "default",
    description: "for the shop",
    sessions: 0,
    new_sessions: 0,
    bytes_in: 0,
    bytes_out: 0,
    refusals: {
      not_accepted: 0,
      not_whitelisted: 0,
      source_not_allowed: 0,
      session_cap: 0,
      no_healthy_node: 0,
      service_closed: 0,
      connection_rate: 0,
    },
    created_at: aTime,
  });
  const endpoint = await showEndpoint(tenant, String(answer.body["id"]));
  const session = await openSession(endpoint);
  await session.echo();
  // Each in its own network: the tenant's address is none of the owner's.
  expect(endpoint.ip.split(".").slice(0, 3)).not.toEqual(own.ip.split(".").slice(0, 3));
  await eventually(async () => (await showEndpoint(tenant, endpoint.id)).sessions === 1);
  session.close();
});

test("an endpoint that waits for approval carries nothing, and says so to both sides", async () => {
  const service = await Service.open(postern, "by-approval", [node], { approval_enabled: true });
  ok(await service.whitelist(tenant.admin.account_id));
  // The owner does not wait for himself.
  expect(await service.ownEndpoint()).toMatchObject({ status: "accepted" });
  const endpoint = await createEndpoint(tenant, await service.name());
  expect(endpoint.status).toBe("pendingAcceptance");
  expect((await service.connections()).connections).toMatchObject([
    { id: endpoint.id, status: "pendingAcceptance", domain_id: tenant.admin.account_id },
    { status: "accepted" },
  ]);

  expect(await refusalOf(endpoint)).toBe("ECONNRESET");
  await eventually(async () => (await showEndpoint(tenant, endpoint.id)).refusals.not_accepted === 1);
  expect(await service.refusals(endpoint.id)).toMatchObject({ not_accepted: 1, not_whitelisted: 0 });

  ok(await service.decide("receive", endpoint.id));
  expect((await showEndpoint(tenant, endpoint.id)).status).toBe("accepted");
  const session = await openSession(endpoint);
  await session.echo();
  session.close();
});

test("who leaves the whitelist is rejected, cut off and told why, until he is on it and accepted again", async () => {
  const service = await Service.open(postern, "leave", [node]);
  ok(await service.whitelist(tenant.admin.account_id));
  const endpoint = await createEndpoint(tenant, await service.name());
  const session = await openSession(endpoint);
  await session.echo();

  const answer = await service.whitelist();
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  expect(answer.headers.get("x-postern-severed")).toBe("1");
  await eventually(() => session.death, { what: "the end of the session" });
  expect(await refusalOf(endpoint)).toBe("ECONNRESET");
  await eventually(async () => (await service.refusals(endpoint.id)).not_whitelisted === 1);
  expect(await service.refusals(endpoint.id)).toMatchObject({ not_whitelisted: 1, not_accepted: 0 });
  // The owner's account needs no entry: an empty list admits it, and nobody else.
  expect((await service.connections()).connections).toMatchObject([
    { id: endpoint.id, status: "rejected" },
    { status: "accepted" },
  ]);
  (await openSession(await service.ownEndpoint())).close();

  const early = await service.decide("receive", endpoint.id);
  expect(early.status).toBe(400);
  expect(early.body).toEqual(anError("EndPoint.2012", new RegExp(tenant.admin.account_id)));
  ok(await service.whitelist(tenant.admin.account_id));
  // The whitelist opens the door, it does not push anybody through it.
  expect((await showEndpoint(tenant, endpoint.id)).status).toBe("rejected");
  ok(await service.decide("receive", endpoint.id));
  (await openSession(endpoint)).close();
});

test("a service that says so keeps the connections of those who leave", async () => {
  const service = await Service.open(postern, "keep", [node]);
  ok(await service.whitelist(tenant.admin.account_id));
  const endpoint = await createEndpoint(tenant, await service.name());
  const session = await openSession(endpoint);
  const body = { vpc_permissions: [], reconcile_connections: false };
  ok(await postern.api("POST", service.path("permissions"), body));
  await session.echo();
  session.close();
  (await openSession(endpoint)).close();
  expect(
    await tenant.api("POST", "/postern/v1/{pid}/endpoints", { service: await service.name() }),
  ).toMatchObject({
    status: 400,
  });
});

test("a star admits every account", async () => {
  const service = await Service.open(postern, "star", [node]);
  ok(await service.whitelist("*"));
  const session = await openSession(await createEndpoint(tenant, await service.name()));
  await expect(session.echo()).resolves.toBeUndefined();
  session.close();
});

test("a consumer gets the address that he asks for, if it is free and in his pool", async () => {
  const service = await Service.open(postern, "address", [node]);
  ok(await service.whitelist("*"));
  const name = await service.name();
  const first = await createEndpoint(tenant, name);
  const next = first.ip.replace(/\d+$/, (last) => String((Number(last) + 100) % 250));
  expect(await createEndpoint(tenant, name, { ip: next })).toMatchObject({ ip: next });
  for (const [ip, status, code] of [
    [next, 409, "EndPoint.3006"],
    ["10.0.0.1", 400, "CSS.5038"],
    ["nonsense", 400, "CSS.5038"],
  ] as const) {
    const answer = await tenant.api("POST", "/postern/v1/{pid}/endpoints", { service: name, ip });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(anError(code));
  }
});

test("a pool that is used up says so, and a deleted endpoint makes room", async () => {
  const service = await Service.open(postern, "pool", [node]);
  ok(await service.whitelist("*"));
  const name = await service.name();
  const vpc = ok(
    await tenant.api<{ id: string }>("POST", "/postern/v1/{pid}/vpcs", {
      name: "tiny",
      cidr: "127.60.77.0/29",
    }),
  );
  const made = [];
  for (let count = 0; count < 5; count += 1)
    made.push(await createEndpoint(tenant, name, { vpc_id: vpc.id }));
  const before = await service.connections();
  const full = await tenant.api("POST", "/postern/v1/{pid}/endpoints", { service: name, vpc_id: vpc.id });
  expect(full.status).toBe(400);
  expect(full.body).toEqual(anError("CSS.0064", /no free address/));
  expect(await service.connections()).toEqual(before);
  ok(await tenant.api("DELETE", `/postern/v1/{pid}/endpoints/${made[2]?.id}`));
  // A stranger waits for it to be forgotten; who had it takes it back by name.
  const wish = { vpc_id: vpc.id, ip: made[2]?.ip };
  expect(await createEndpoint(tenant, name, wish)).toMatchObject({ ip: made[2]?.ip });
});
