import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

test("opening gives the documented answer and an endpoint that works at once", async () => {
  const service = await Service.register(postern, "plain", [node]);
  const answer = await postern.api("POST", service.path("open"), {});
  expect(answer).toMatchObject({ status: 200, body: { action: "createVpcepservice" } });
  expect(Object.keys(answer.body)).toEqual(["action"]);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  const own = await service.ownEndpoint();
  const session = await openSession(own);
  await session.echo();
  session.close();
  const detail = ok(await postern.api("GET", `/v1.0/{pid}/clusters/${service.clusterId}`));
  expect(detail).toMatchObject({ vpcepIp: own.ip, status: "200", actions: [], actionProgress: {} });
});

test("takes an empty body, which official clients send", async () => {
  const service = await Service.register(postern, "empty-body", [node]);
  const headers = { "Content-Type": "application/json" };
  expect(await postern.api("POST", service.path("open"), "", headers)).toMatchObject({ status: 200 });
});

test.each([
  ["snake", { endpoint_with_dns_name: true, profession_vpcep: true }],
  ["camel", { endpointWithDnsName: true, professionVpcep: true }],
  ["text", { endpointWithDnsName: "true", profession_vpcep: "true", dualstack_enable: "false" }],
])("takes the options in %s spelling", async (name, wish) => {
  const service = await Service.open(postern, `opt-${name}`, [node], wish);
  const own = await service.ownEndpoint();
  expect((await service.connections()).connections).toMatchObject([
    {
      maxSession: "1000000",
      specificationName: "professional",
      vpcepDnsName: expect.stringContaining(own.id),
    },
  ]);
});

test.each([
  ["a number for a flag", { endpoint_with_dns_name: 1 }, "CSS.0001"],
  ["a word for a flag", { professionVpcep: "yes" }, "CSS.0001"],
  ["dual stack without professional", { dualstack_enable: true }, "CSS.5140"],
  ["dual stack in a subnet without IPv6", { dualstack_enable: true, profession_vpcep: true }, "CSS.5140"],
])("refuses %s and opens nothing", async (what, wish, code) => {
  const service = await Service.register(postern, `bad-${what.replaceAll(" ", "-").slice(0, 28)}`, [node]);
  const answer = await postern.api("POST", service.path("open"), wish);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual(anError(code));
  expect((await postern.api("GET", service.path("connections"))).body).toEqual(anError("CSS.5182"));
});

test("opening twice is a conflict, closing twice and everything else on a closed service is 400", async () => {
  const service = await Service.open(postern, "twice", [node]);
  const again = await postern.api("POST", service.path("open"), {});
  expect(again.status).toBe(409);
  expect(again.body).toEqual(anError("CSS.0031"));
  expect((await service.connections()).total_count).toBe(1);
  const { id } = await service.ownEndpoint();

  const closed = await service.close();
  expect(closed).toMatchObject({ status: 200, body: { action: "deleteVpcepservice" } });
  expect(closed.headers.get("x-postern-enforced")).toBe("true");
  const answers = [
    await service.close(),
    await postern.api("GET", service.path("connections")),
    await service.decide("receive", id),
    await service.whitelist("abc"),
    await service.setCap(id, 5),
    await postern.api("POST", "/postern/v1/{pid}/endpoints", { service: "twice" }),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(400);
    expect(body).toEqual(anError("CSS.5182"));
  }
});

test("a closed service refuses, and opened again everything is as it was", async () => {
  const service = await Service.open(postern, "reopen", [node]);
  const own = await service.ownEndpoint();
  const second = await createEndpoint(postern, await service.name());
  ok(await service.decide("reject", second.id));
  const before = await service.connections();
  const session = await openSession(own);
  await session.echo();

  ok(await service.close());
  await eventually(() => session.death, { what: "the end of the session on the closed service" });
  expect(await refusalOf(own)).toBe("ECONNRESET");
  ok(await postern.api("POST", service.path("open"), {}));

  expect(await service.connections()).toEqual(before);
  const again = await openSession(own);
  await again.echo();
  again.close();
  expect(await refusalOf(second)).toBe("ECONNRESET");
  // One before it was opened again, one after: each is counted under its own reason.
  await eventually(async () => (await service.refusals(own.id)).service_closed === 1);
  await eventually(async () => (await service.refusals(second.id)).not_accepted === 1);
});
