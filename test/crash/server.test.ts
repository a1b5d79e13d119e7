import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { expectUntouched, ObservedSessions } from "../support/observed-sessions.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service, showEndpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";

let postern: Postern;
let node: SearchNode;
beforeEach(async () => {
  node = await startNode();
  postern = await startPostern();
});
afterEach(async () => {
  await postern.stop();
  await node.stop();
});

/** Kills the server and waits until its successor has another process id. */
async function killServer(): Promise<void> {
  const { server } = await postern.pids();
  process.kill(server, "SIGKILL");
  await eventually(async () => !isAlive(server) && (await postern.pids()).server !== server);
}

test("killing the server again and again touches no session, old or new, and loses no decision", async () => {
  const service = await Service.open(postern, "logs", [node]);
  const own = await service.ownEndpoint();
  const refused = await createEndpoint(postern, await service.name());
  ok(await service.decide("reject", refused.id));
  ok(await service.setCap(own.id, 50));
  const quiet = await createEndpoint(postern, await service.name());
  const silent = await openSession(quiet);
  await eventually(async () => (await showEndpoint(postern, quiet.id)).sessions === 1);
  const acknowledged = await service.connections();
  const { gateway } = await postern.pids();
  const sessions = await ObservedSessions.open(own, node, 12);
  await sessions.pump(4);

  for (let round = 0; round < 3; round += 1) {
    await killServer();
    // New sessions need nobody's word but the gateway's, and the refused one stays refused.
    const fresh = await openSession(own);
    await fresh.echo();
    fresh.close();
    expect(await refusalOf(refused)).toBe("ECONNRESET");
    await eventually(async () => (await postern.api("GET", service.path("connections"))).status === 200, {
      what: "the API to be back",
    });
    expect(await service.connections()).toEqual(acknowledged);
  }

  await expectUntouched(sessions, 4);
  expect((await postern.pids()).gateway).toBe(gateway);
  // The gateway has found the new server: writes are in force again, and all figures are told again.
  const answer = await service.decide("receive", refused.id);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  (await openSession(refused)).close();
  await eventually(async () => (await service.ownEndpoint()).sessions === 12);
  await eventually(async () => (await service.refusals(refused.id)).not_accepted === 3);
  await eventually(async () => (await showEndpoint(postern, quiet.id)).sessions === 1, {
    what: "the figures of an endpoint where nothing happened",
  });
  silent.close();
  sessions.close();
});

test("a server that hangs is no more missed than a dead one", async () => {
  const service = await Service.open(postern, "logs", [node]);
  const own = await service.ownEndpoint();
  const sessions = await ObservedSessions.open(own, node, 4);
  const { server } = await postern.pids();
  process.kill(server, "SIGSTOP");
  try {
    await expectUntouched(sessions, 0);
    (await openSession(own)).close();
  } finally {
    process.kill(server, "SIGCONT");
  }
  await expect(service.connections()).resolves.toMatchObject({ total_count: 1 });
  sessions.close();
});
