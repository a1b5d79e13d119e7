import { afterAll, beforeAll, expect, test } from "vitest";
import { BurstClient } from "../support/burst.ts";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession, openSessions, refusalOf } from "../support/session.ts";
import { anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
let service: Service;
let own: Endpoint;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
  own = await service.ownEndpoint();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const figures = async () => (await service.endpoints()).find(({ id }) => id === own.id);

test("of 1,000 clients at once a cap of 50 lets in 50, and every other is refused and counted", async () => {
  const answer = await service.setCap(own.id, 50);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  const clients = [new BurstClient(), new BurstClient()];
  try {
    const results = await Promise.all(clients.map((client) => client.connect(own, 500)));
    const admitted = results.map((result) => result.admitted);
    const refused = results.flatMap((result) => Object.entries(result.refused));
    expect((admitted[0] ?? 0) + (admitted[1] ?? 0)).toBe(50);
    // Refused means cut off: the client is told at once, whether it reads or writes.
    for (const [how] of refused) expect(["ECONNRESET", "EPIPE"]).toContain(how);
    expect(refused.reduce((sum, [, count]) => sum + count, 0)).toBe(950);
    // What counts is what the node saw, at every moment.
    expect(node.raw).toMatchObject({ open: 50, mostOpen: 50 });
    await eventually(async () => (await figures())?.refusals.session_cap === 950, { what: "950 refusals" });
    expect(await figures()).toMatchObject({ sessions: 50, new_sessions: 50, max_session: 50 });
    expect(await figures()).toMatchObject({
      refusals: {
        not_accepted: 0,
        not_whitelisted: 0,
        source_not_allowed: 0,
        no_healthy_node: 0,
        service_closed: 0,
      },
    });

    // Freed slots are usable again, all of them and no more.
    await clients[0]?.close(admitted[0] ?? 0);
    await eventually(() => node.raw.open === admitted[1], { what: "the end of the closed sessions" });
    await eventually(async () => (await figures())?.sessions === admitted[1]);
    const second = await clients[0]?.connect(own, 200);
    expect(second?.admitted).toBe(admitted[0]);
    expect(node.raw).toMatchObject({ open: 50, mostOpen: 50 });
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
  await eventually(async () => (await figures())?.sessions === 0, { what: "the end of all sessions" });
});

test("lowering the cap cuts nobody, and lets nobody in until there is room", async () => {
  ok(await service.setCap(own.id, 4));
  const sessions = await openSessions(own, 4);
  ok(await service.setCap(own.id, 2));
  await Promise.all(sessions.map((session) => session.echo()));
  expect(await refusalOf(own)).toBe("ECONNRESET");
  for (const session of sessions.slice(0, 2)) session.close();
  await eventually(async () => (await figures())?.sessions === 2);
  expect(await refusalOf(own)).toBe("ECONNRESET");
  sessions[2]?.close();
  await eventually(async () => (await figures())?.sessions === 1);
  const next = await openSession(own);
  await next.echo();
  ok(await service.setCap(own.id, 3));
  const another = await openSession(own);
  await another.echo();
  for (const session of [...sessions, next, another]) session.close();
});

test("a full endpoint leaves its neighbour alone", async () => {
  const neighbour = await createEndpoint(postern, await service.name());
  ok(await service.setCap(own.id, 1));
  await eventually(async () => (await figures())?.sessions === 0);
  const [full, free] = [await openSession(own), await openSession(neighbour)];
  expect(await refusalOf(own)).toBe("ECONNRESET");
  await Promise.all([full.echo(), free.echo()]);
  full.close();
  free.close();
});

test("the cap is in the published answer as text, and has its limits", async () => {
  ok(await service.setCap(own.id, 7));
  const { connections } = await service.connections();
  expect(connections.find(({ id }) => id === own.id)?.maxSession).toBe("7");
  for (const cap of [0, -1, 3_001, 1.5, "50"]) {
    const path = `/postern/v1/{pid}/clusters/${service.clusterId}/connections/${own.id}`;
    const answer = await postern.api("PUT", path, { max_session: cap });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(anError(typeof cap === "string" || cap === 1.5 ? "CSS.0001" : "CSS.5038"));
  }
  expect(await figures()).toMatchObject({ max_session: 7 });
});
