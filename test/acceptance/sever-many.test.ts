import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { expectSevered, expectUntouched, ObservedSessions } from "../support/observed-sessions.ts";
import { onAnswer } from "../support/on-answer.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";

const most = 3_000;

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

test("a full endpoint loses all of its 3,000 sessions at once, and can be filled again", async () => {
  const service = await Service.open(postern, "logs", [node]);
  const target = await service.ownEndpoint();
  const spared = await ObservedSessions.open(await createEndpoint(postern, await service.name()), node, 3);
  const sessions = await ObservedSessions.open(target, node, most);
  // 3,000 is what a basic endpoint holds.
  expect(await refusalOf(target)).toBe("ECONNRESET");
  await sessions.pump(20);

  const body = { action: "reject", endpoint_id_list: [target.id] };
  const call = { method: "POST", path: service.path("connections"), body };
  const answer = await onAnswer(postern.admin, call, () => sessions.mark());

  expect(answer).toEqual({ status: 200, enforced: "true", severed: String(most) });
  await expectSevered(sessions);
  await expectUntouched(spared, 0);
  spared.close();
  expect(node.raw.mostOpen).toBe(most + 3);
  // Every slot is free again.
  ok(await service.setCap(target.id, 1));
  ok(await service.decide("receive", target.id));
  const next = await openSession(target);
  await next.echo();
  expect(await refusalOf(target)).toBe("ECONNRESET");
  next.close();
});
