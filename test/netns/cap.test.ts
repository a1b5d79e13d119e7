import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Burst, ConsumerProcedures } from "../support/netns/consumer-program.ts";
import { Remote } from "../support/netns/remote.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

const most = 3_000;
const node = "10.8.0.11";

let system: NetnsSystem;
let service: Service;
let endpoint: Endpoint;
let clients: readonly Remote<ConsumerProcedures>[] = [];
let held: readonly Burst[] = [];
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = [{ name: "a", address: "10.0.0.50/24" }];
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24" });
  service = await system.openService("logs", [node]);
  endpoint = await system.endpoint("a", service);
  const { client, namespace } = system.consumer("a");
  clients = [client, await Remote.start<ConsumerProcedures>(namespace, "consumer")];
  await eventually(() => client.call("get", endpoint, "/ready"), { what: "the endpoint to answer" });
});
afterAll(async () => {
  if (obstacle !== "") return;
  await clients[1]?.stop();
  await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

const open = async (): Promise<number> => (await system.nodes.call("raw")).open;
const burst = async (count: number) =>
  await Promise.all(clients.map((client) => client.call("open", endpoint, count / clients.length)));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Opens a few more, until the endpoint is full. @throws Error when it ever holds more than it may */
async function fillUp(): Promise<void> {
  await eventually(
    async () => {
      const more = await burst(20);
      held = held.map((outcome, index) => ({
        ...outcome,
        admitted: [...outcome.admitted, ...(more[index]?.admitted ?? [])],
      }));
      return (await open()) >= most;
    },
    { what: "the endpoint to be full" },
  );
  expect(await open()).toBe(most);
}

test("of 8,000 clients at once no more than 3,000 are let in, every other is refused, and the last slots are of use", async () => {
  held = await burst(8_000);
  const admitted = sum(held.map((outcome) => outcome.admitted.length));
  expect(await open()).toBe(admitted);
  expect(admitted).toBeLessThanOrEqual(most);
  // By a reset to the first packet: nobody is let in for a moment, and nobody waits.
  expect(held.flatMap(({ refused }) => Object.keys(refused))).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
  expect(sum(held.map(({ refused }) => refused["ECONNREFUSED"] ?? 0))).toBe(8_000 - admitted);
  // The kernel counts whoever it has just refused until it looks again: in a burst a few slots may be left.
  expect(admitted).toBeGreaterThan(most * 0.9);
  await fillUp();
});

test("a lower cap cuts nobody, and lets nobody in before there is room", async () => {
  ok(await service.setCap(endpoint.id, 1_000));
  expect(await burst(20)).toMatchObject([{ admitted: [] }, { admitted: [] }]);
  expect(await open()).toBe(most);
  ok(await service.setCap(endpoint.id, most));
  expect(await burst(20)).toMatchObject([{ admitted: [] }, { admitted: [] }]);
  await clients[0]?.call("close", held[0]?.admitted.slice(0, 10) ?? []);
  await eventually(async () => (await open()) === most - 10);
  // The gateway may see the ends a moment after the node has.
  let admitted = 0;
  await eventually(async () => {
    admitted += sum((await burst(40)).map((outcome) => outcome.admitted.length));
    return admitted >= 10;
  });
  expect(await open()).toBe(most);
});

test("a killed gateway cuts nobody, and the one after it counts on", async () => {
  const { gateway } = await system.postern.pids();
  process.kill(gateway, "SIGKILL");
  // In between, too, the kernel keeps the count.
  expect(await burst(20)).toMatchObject([{ admitted: [] }, { admitted: [] }]);
  await eventually(async () => (await system.postern.pids()).gateway !== gateway, { what: "a new gateway" });
  const answer = await service.setCap(endpoint.id, most);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  expect(await burst(20)).toMatchObject([{ admitted: [] }, { admitted: [] }]);
  const kept = held[1]?.admitted ?? [];
  await clients[1]?.call("echo", kept);
  expect(await clients[1]?.call("fates", kept)).toEqual({ deaths: { alive: kept.length }, marks: 0 });
  expect(await open()).toBe(most);
});
