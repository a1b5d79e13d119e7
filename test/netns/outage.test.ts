import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { Consumer, NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

const node = "10.0.0.11";
/** So long is nobody there who could be asked. */
const outageMs = 60_000;
const most = 50;
const streams = 20;

let system: NetnsSystem;
let service: Service;
let open: Endpoint;
let full: Endpoint;
let rejected: Endpoint;
let consumer: Consumer;
let other: Consumer;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = ["a", "b"].map((name) => ({ name, address: "10.0.0.50/24" }));
  const plan = { nodes: [`${node}/24`], gateway: "10.0.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24", b: "10.0.0.0/24" });
  service = await system.openService("logs", [node]);
  open = await system.endpoint("a", service);
  rejected = await system.endpoint("a", service);
  full = await system.endpoint("b", service);
  ok(await service.decide("reject", rejected.id));
  ok(await service.setCap(full.id, most));
  [consumer, other] = [system.consumer("a"), system.consumer("b")];
  await eventually(() => consumer.client.call("get", open, "/ready"), { what: "the endpoint to answer" });
  await eventually(() => other.client.call("get", full, "/ready"), { what: "the other one to answer" });
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

const ended = async (pid: number): Promise<boolean> =>
  await eventually(() => !isAlive(pid), { what: `process ${pid} to end` });

async function sessionsOf({ id }: Endpoint): Promise<number> {
  return (await service.endpoints()).find((each) => each.id === id)?.sessions ?? -1;
}

/** What holds at every moment, whoever is dead: new connections, the rejection and the cap, which is full. */
async function expectInForce(): Promise<void> {
  await consumer.client.call("get", open, "/during");
  expect(await consumer.client.call("probe", rejected, 5_000)).toBe("ECONNREFUSED");
  const { admitted, refused } = await other.client.call("open", full, 5);
  expect([admitted, refused]).toEqual([[], { ECONNREFUSED: 5 }]);
}

test("a minute without the server, and most of it without the gateway too, is not noticed; then both count on", async () => {
  const { admitted: held } = await consumer.client.call("open", open, streams);
  await consumer.client.call("stream", held);
  const filling = [...(await other.client.call("open", full, most)).admitted];
  expect([held.length, filling.length]).toEqual([streams, most]);
  await eventually(async () => (await sessionsOf(full)) === most, { what: "the count of the sessions" });

  const { up, server, gateway } = await system.postern.pids();
  // Who would start them anew is held.
  process.kill(up, "SIGSTOP");
  const startedAt = performance.now();
  try {
    process.kill(server, "SIGKILL");
    await ended(server);
    const lasted = () => performance.now() - startedAt;
    let killedGateway = false;
    for (let sofar = 0; lasted() < outageMs;) {
      await expectInForce();
      sofar = await eventually(
        async () => {
          const now = await consumer.client.call("streamed");
          return now > sofar ? now : undefined;
        },
        { what: "every stream to go on" },
      );
      // A slot that becomes free is given to one, by the kernel alone.
      await other.client.call("close", filling.splice(0, 1));
      await eventually(async () => {
        const { admitted } = await other.client.call("open", full, 3);
        filling.push(...admitted);
        return admitted.length === 1;
      });
      if (!killedGateway && lasted() > outageMs / 3) {
        process.kill(gateway, "SIGKILL");
        await ended(gateway);
        killedGateway = true;
      }
    }
  } finally {
    process.kill(up, "SIGCONT");
  }
  await eventually(async () => (await sessionsOf(full)) === most, {
    timeoutMs: 20_000,
    what: "the same count after the outage",
  });
  const after = await system.postern.pids();
  expect(after.server).not.toBe(server);
  expect(after.gateway).not.toBe(gateway);
  await expectInForce();
  expect(await sessionsOf(open)).toBe(streams);
  for (const { sent, received } of await consumer.client.call("finishStreams")) {
    expect(received).toEqual(sent);
  }
  await other.client.call("echo", filling);
  const answer = await service.decide("reject", full.id);
  expect(answer.headers.get("x-postern-severed")).toBe(String(most));
});
