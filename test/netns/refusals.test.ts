import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

type Refused = {
  readonly reason: string;
  readonly source?: string;
  readonly endpoint: string;
  readonly count: number;
};

const node = "10.8.0.11";
const consumer = "10.0.0.50";
let system: NetnsSystem;
let service: Service;
let endpoint: Endpoint;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = [{ name: "a", address: `${consumer}/24` }];
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24" });
  service = await system.openService("logs", [node]);
  endpoint = await system.endpoint("a", service);
  const { client } = system.consumer("a");
  await eventually(() => client.call("get", endpoint, "/ready"), { what: "the endpoint to answer" });
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

async function listed(): Promise<readonly Refused[]> {
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/refusals`;
  return ok(await service.owner.api<{ refusals: readonly Refused[] }>("GET", path)).refusals;
}
type Explained = {
  readonly verdict: string;
  readonly reason?: string;
  readonly rules: readonly { readonly name: string; readonly looked_at: string }[];
};

/** What would happen now, and what the rule about new sessions a second has found. */
async function explained(): Promise<readonly [string, string]> {
  const path = `/postern/v1/{pid}/explain?endpoint=${endpoint.id}&source=${consumer}`;
  const { verdict, reason, rules } = ok(await service.owner.api<Explained>("GET", path));
  const rule = rules.find(({ name }) => name === "connection rate");
  return [`${verdict} ${reason ?? ""}`.trim(), rule?.looked_at ?? ""];
}

/** @throws Error where a connection is not refused */
async function refuse(times: number, from: string): Promise<void> {
  const { client } = system.consumer("a");
  for (let time = 0; time < times; time += 1) {
    const outcome = await client.call("probe", endpoint, 5_000, from);
    if (outcome !== "ECONNREFUSED") throw new Error(`A connection from ${from} met ${outcome}`);
  }
}

test("what the kernel refuses is kept by reason and source, and counted once over a restart of the gateway", async () => {
  ok(await service.decide("reject", endpoint.id));
  await refuse(3, consumer);
  await eventually(async () => (await listed())[0]?.count === 3, { what: "three refusals" });
  const { namespace } = system.consumer("a");
  await namespace.ip("address add 10.0.0.51/24 dev eth0");
  await refuse(1, "10.0.0.51");
  await refuse(2, consumer);
  const wanted = [
    { reason: "not_accepted", source: consumer, endpoint: endpoint.id, count: 5 },
    { reason: "not_accepted", source: "10.0.0.51", endpoint: endpoint.id, count: 1 },
  ];
  await eventually(async () => (await listed()).reduce((sum, { count }) => sum + count, 0) === 6);
  const found = [...(await listed())].toSorted((one, other) => other.count - one.count);
  expect(found).toMatchObject(wanted);

  const { gateway } = await system.postern.pids();
  process.kill(gateway, "SIGKILL");
  await eventually(async () => (await system.postern.pids()).gateway !== gateway, {
    what: "another gateway",
  });
  ok(await service.setCap(endpoint.id, 7));
  await refuse(1, consumer);
  const total = async () => (await listed()).reduce((sum, { count }) => sum + count, 0);
  await eventually(async () => (await total()) > 6);
  expect(await total()).toBe(7);
});

test("a rate that is used up is told of beforehand, and whom it refuses is in the list", async () => {
  ok(await service.decide("receive", endpoint.id));
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/connections/${endpoint.id}`;
  ok(await service.owner.api("PUT", path, { max_session: 100, max_connection_rate: 2 }));
  await eventually(async () => (await explained())[0] === "admitted", { what: "a second without sessions" });
  expect((await explained())[1]).toMatch(/^0 of 2 new sessions a second are in use as of /);
  const { client } = system.consumer("a");
  const { admitted, refused } = await client.call("open", endpoint, 7);
  expect(admitted.length).toBeGreaterThanOrEqual(2);
  expect(refused).toEqual({ ECONNREFUSED: 7 - admitted.length });
  const found = await eventually(async () => {
    const now = await explained();
    return now[0] === "unknown connection_rate" && now[1];
  });
  expect(found).toMatch(/^2 new sessions a second may come\. \d came within /);
  const record = { reason: "connection_rate", source: consumer, endpoint: endpoint.id };
  await eventually(async () => (await listed()).some(({ reason }) => reason === record.reason));
  expect(await listed()).toContainEqual(expect.objectContaining({ ...record, count: 7 - admitted.length }));
  await eventually(async () => (await explained())[0] === "admitted", { what: "the rate to be free again" });
  await client.call("close", admitted);
});
