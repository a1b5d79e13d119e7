import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { FloodProcedures, Steady } from "../support/netns/flood-program.ts";
import { Remote } from "../support/netns/remote.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { ok, showEndpoint } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

const node = "10.8.0.11";
const cap = 3_000;
const flowsPerNetwork = 5_000;
/** Short sessions that all leave a flow behind for a minute: several times what the network may have. */
const shortSessions = 30_000;
const steadyConnections = 4;
/** Resets that the kernel keeps, each with a flow, while it searches for their receiver: 4,096 bytes of memory. */
const mostResetsWaiting = 5;

let system: NetnsSystem;
let service: Service;
let [flooded, neighbour]: Endpoint[] = [];
let flooder: Remote<FloodProcedures>;
let steadyClient: Remote<FloodProcedures>;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = ["a", "b"].map((name) => ({ name, address: "10.0.0.50/24" }));
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  const cidrs = { a: "10.0.0.0/24", b: "10.0.0.0/24" };
  system = await startNetnsSystem(plan, cidrs, { args: ["--flows-per-network", String(flowsPerNetwork)] });
  service = await system.openService("logs", [node]);
  flooded = await system.endpoint("a", service);
  neighbour = await system.endpoint("b", service);
  for (const [name, endpoint] of [
    ["a", flooded],
    ["b", neighbour],
  ] as const) {
    await eventually(() => system.consumer(name).client.call("get", endpoint, "/ready"));
  }
  flooder = await Remote.start<FloodProcedures>(system.consumer("a").namespace, "flood");
  steadyClient = await Remote.start<FloodProcedures>(system.consumer("b").namespace, "flood");
});
afterAll(async () => {
  if (obstacle !== "") return;
  await flooder?.stop();
  await steadyClient?.stop();
  await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** The flows of any kind that the gateway's kernel knows. */
async function flows(): Promise<number> {
  return Number(await system.topology.gateway.run("sysctl", ["-n", "net.netfilter.nf_conntrack_count"]));
}

/** The most flows that there are at any look while something goes on. */
async function mostFlowsDuring(work: Promise<unknown>): Promise<number> {
  const end = new AbortController();
  const over = work.finally(() => end.abort());
  let most = 0;
  while (!end.signal.aborted) most = Math.max(most, await flows());
  await over;
  return most;
}

const answered = async (more: number): Promise<void> => {
  const before = await steadyClient.call("answered");
  const what = `${more} more answers to the neighbour`;
  await eventually(async () => (await steadyClient.call("answered")) >= before + more, { what });
};

async function finishSteady(when: string): Promise<Steady> {
  const steady = await steadyClient.call("finishSteady");
  console.log(
    `neighbour's requests ${when}: p50 ${steady.p50Ms} ms, p99 ${steady.p99Ms} ms, ${steady.answered} answered`,
  );
  expect(steady.failed).toEqual([]);
  return steady;
}

/** Keeps the neighbour's requests going during a flood. */
async function besideNeighbour(when: string, flood: () => Promise<void>): Promise<Steady> {
  const before = await showEndpoint(system.postern, neighbour?.id ?? "");
  await steadyClient.call("startSteady", neighbour as Endpoint, steadyConnections);
  await answered(200);
  await flood();
  await answered(200);
  const steady = await finishSteady(when);
  // Each connection has carried requests from the first to the last.
  expect(steady.connections).toBe(steadyConnections);
  const after = await showEndpoint(system.postern, neighbour?.id ?? "");
  expect(after.refusals).toEqual(before.refusals);
  return steady;
}

test("more connection attempts than a cap admits: the neighbour loses nothing", async () => {
  await besideNeighbour("alone", () => answered(500));
  const { client } = system.consumer("a");
  await besideNeighbour("during 6,000 connection attempts", async () => {
    const { admitted } = await client.call("open", flooded as Endpoint, 6_000);
    expect(admitted.length).toBeLessThanOrEqual(cap);
    await client.call("close", admitted);
  });
});

test("half-open connections and junk: they take no more flows than the cap, and the neighbour loses nothing", async () => {
  await eventually(async () => (await showEndpoint(system.postern, flooded?.id ?? "")).sessions === 0);
  const before = await flows();
  // Nobody is at these addresses: the answers of the node find nobody.
  const sources = Array.from({ length: 100 }, (_, index) => `10.0.0.${100 + index}`);
  await besideNeighbour("during 50,000 half-open connections", async () => {
    const sent = flooder.call("halfOpen", flooded as Endpoint, sources, 50_000);
    expect((await mostFlowsDuring(sent)) - before).toBeLessThanOrEqual(
      cap + sources.length * mostResetsWaiting + 50,
    );
  });
  const refused = async (): Promise<number> => {
    const { refusals } = await showEndpoint(system.postern, flooded?.id ?? "");
    // The network has flows of the first test besides, and may be at its share.
    return refusals.session_cap + refusals.connection_rate;
  };
  await eventually(async () => (await refused()) > 10_000, { what: "the refusals to be counted" });
  const between = await flows();
  expect(await mostFlowsDuring(flooder.call("datagrams", flooded?.ip ?? "", 5_000))).toBeLessThanOrEqual(
    between + 10,
  );
});

test("bytes against a limit of bytes: the neighbour loses nothing", async () => {
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/connections/${flooded?.id}`;
  ok(await service.owner.api("PUT", path, { max_session: cap, max_bandwidth: 1_000_000 }));
  const { client } = system.consumer("a");
  let names: readonly string[] = [];
  await eventually(async () => {
    names = [...names, ...(await client.call("open", flooded as Endpoint, 10)).admitted];
    return names.length >= 10;
  });
  const { failed } = await besideNeighbour("during bytes against a limit", async () => {
    await client.call("pump", names);
    await answered(500);
  });
  expect(failed).toEqual([]);
  await client.call("close", names);
  ok(await service.owner.api("PUT", path, { max_session: cap, max_bandwidth: null }));
});

test("a network that leaves flows behind is stopped at its share, and the neighbour opens sessions", async () => {
  const others = 500;
  const flood = flooder.call("shortSessions", flooded as Endpoint, shortSessions);
  const most = await mostFlowsDuring(flood);
  const { admitted, refused } = await flood;
  console.log(`${admitted} of ${shortSessions} short sessions were admitted, and left at most ${most} flows`);
  expect(admitted + refused).toBe(shortSessions);
  expect(refused).toBeGreaterThan(0);
  // What comes through between two looks is a part of a second's.
  expect(most).toBeLessThan(flowsPerNetwork * 3);
  expect(await system.consumer("b").client.call("open", neighbour as Endpoint, others)).toMatchObject({
    refused: {},
  });
  await eventually(
    async () => (await showEndpoint(system.postern, flooded?.id ?? "")).refusals.connection_rate > 0,
    { what: "the refusals to be counted" },
  );
  await expect(system.consumer("a").client.call("get", flooded as Endpoint, "/refused")).rejects.toThrow(
    "ECONNREFUSED",
  );
});
