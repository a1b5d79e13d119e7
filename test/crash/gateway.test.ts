import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { expectSevered, ObservedSessions } from "../support/observed-sessions.ts";
import { Parts } from "../support/parts.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession, openSessions, refusalOf } from "../support/session.ts";

let node: SearchNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.stop());

describe("under postern up", () => {
  let postern: Postern;
  let service: Service;
  beforeEach(async () => {
    postern = await startPostern();
    service = await Service.open(postern, "logs", [node]);
  });
  afterEach(() => postern.stop());

  test("a killed gateway is back with the same addresses, decisions and caps", async () => {
    const own = await service.ownEndpoint();
    const refused = await createEndpoint(postern, await service.name());
    ok(await service.decide("reject", refused.id));
    ok(await service.setCap(own.id, 2));
    const before = await service.connections();
    const sessions = await ObservedSessions.open(own, node, 2);
    await sessions.pump(1);
    const { gateway, server } = await postern.pids();

    process.kill(gateway, "SIGKILL");

    const again = await eventually(() => openSessions(own, 2), { what: "the same address to work again" });
    await Promise.all(again.map((session) => session.echo()));
    expect(await refusalOf(own)).toBe("ECONNRESET");
    expect(await refusalOf(refused)).toBe("ECONNRESET");
    // What the dead gateway carried has ended at both ends: nobody waits for an answer that cannot come.
    await eventually(() => sessions.clients.every(({ isOver }) => isOver));
    await eventually(() => node.raw.open === 2, { what: "the node to see the old sessions end" });
    const pids = await postern.pids();
    expect(pids.gateway).not.toBe(gateway);
    expect(pids.server).toBe(server);
    expect(await service.connections()).toEqual(before);
    // The figures are the new gateway's, and the server takes them.
    await eventually(async () => {
      const { sessions: live, refusals } = await service.ownEndpoint();
      return live === 2 && refusals.session_cap === 1;
    });
    const answer = await service.decide("reject", own.id);
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    for (const session of again) session.close();
  });

  test("what is decided while the gateway hangs is pending, and in force when it goes on", async () => {
    const own = await service.ownEndpoint();
    const sessions = await ObservedSessions.open(own, node, 6);
    const { gateway } = await postern.pids();
    process.kill(gateway, "SIGSTOP");
    const answer = await service.decide("reject", own.id);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-postern-enforced")).toBe("pending");
    // The owner's word stands, whatever the gateways do.
    expect((await service.connections()).connections).toMatchObject([{ status: "rejected" }]);
    process.kill(gateway, "SIGCONT");
    await expectSevered(sessions);
    expect(await refusalOf(own)).toBe("ECONNRESET");
    const next = await service.decide("receive", own.id);
    expect(next.headers.get("x-postern-enforced")).toBe("true");
    (await openSession(own)).close();
  });

  test("what is decided while the gateway hangs is in force soon after it is killed and started again", async () => {
    const own = await service.ownEndpoint();
    const { gateway } = await postern.pids();
    process.kill(gateway, "SIGSTOP");
    const answer = await service.decide("reject", own.id);
    expect(answer.headers.get("x-postern-enforced")).toBe("pending");
    process.kill(gateway, "SIGKILL");
    // Its last good snapshot still lets sessions in; the server's does not.
    await eventually(async () => (await service.refusals(own.id)).not_accepted > 0 || (await probe(own)));
    expect(await refusalOf(own)).toBe("ECONNRESET");
  });
});

/** Tries a session, for the endpoint to count; says nothing of what it saw. */
async function probe(address: { ip: string; port: number }): Promise<false> {
  await openSession(address).then(
    (session) => session.close(),
    () => undefined,
  );
  return false;
}

describe("without anybody to start it again", () => {
  let parts: Parts;
  let service: Service;
  beforeEach(async () => {
    parts = await Parts.start();
    service = await Service.open(await parts.operator(), "logs", [node]);
  });
  afterEach(() => parts.stop());

  test("a gateway that starts with no server there works from its last good snapshot", async () => {
    const own = await service.ownEndpoint();
    const refused = await createEndpoint(service.owner, await service.name());
    const capped = await createEndpoint(service.owner, await service.name(), { max_session: 1 });
    ok(await service.decide("reject", refused.id));
    const before = await service.connections();
    const session = await openSession(own);

    await parts.killServer();
    await session.echo();
    (await openSession(own)).close();
    expect(await refusalOf(refused)).toBe("ECONNRESET");

    await parts.killGateway();
    expect(await refusalOf(own)).toBe("ECONNREFUSED");
    parts.startGateway();
    const again = await eventually(() => openSession(own), { what: "the endpoint to work without a server" });
    await again.echo();
    expect(await refusalOf(refused)).toBe("ECONNRESET");
    const only = await openSession(capped);
    expect(await refusalOf(capped)).toBe("ECONNRESET");

    // And when the server is back, it goes on as if nothing had been.
    await parts.startServer();
    await eventually(async () => (await service.refusals(refused.id)).not_accepted === 1);
    expect(await service.connections()).toEqual(before);
    const answer = await service.decide("receive", refused.id);
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    await again.echo();
    (await openSession(refused)).close();
    only.close();
  });
});
