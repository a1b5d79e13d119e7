import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import type { Address } from "../support/session.ts";

/** Nodes have no IPv6: consumers that come by it are relayed. */
const hosts = ["10.8.0.11", "10.8.0.12"];

type Node = { readonly id: string; readonly state: string; readonly sessions?: number };
type Named = { readonly id: string };

let system: NetnsSystem;
let clusterId: string;
let addresses: readonly Address[];
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = [{ name: "a", address: "10.0.0.50/24" }];
  const nodes = hosts.map((host) => `${host}/24`);
  system = await startNetnsSystem({ nodes, gateway: "10.8.0.2/24", consumers }, {});
  await system.consumer("a").namespace.ip("address add fd00::50/64 dev eth0 nodad");
  const { postern } = system;
  const urls = hosts.map((host) => `http://${host}:9200`);
  const wish = { name: "logs", nodes: urls };
  clusterId = ok(await postern.api<Named>("POST", "/postern/v1/{pid}/clusters", wish)).id;
  const service = Service.of(postern, clusterId);
  ok(await postern.api("POST", service.path("open"), { profession_vpcep: true }));
  const attachment = { kind: "interface", device: system.consumer("a").device };
  const network = { name: "a", cidr: "10.0.0.0/24", cidr6: "fd00::/64", attachment };
  const vpc = ok(await postern.api<Named>("POST", "/postern/v1/{pid}/vpcs", network));
  const endpoint = (await createEndpoint(postern, await service.name(), {
    vpc_id: vpc.id,
    dual_stack: true,
  })) as Endpoint & { readonly ip6: string };
  const { ip, ip6, port } = endpoint;
  addresses = [
    { ip, port },
    { ip: ip6, port },
  ];
  for (const address of addresses) {
    await eventually(() => system.consumer("a").client.call("get", address, "/ready"));
  }
  await eventually(async () => (await open()).join() === "0,0", { what: "quiet" });
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** Sessions that each node has, as the nodes say. */
async function open(): Promise<readonly number[]> {
  return (await system.nodes.call("raw")).openOf;
}

async function listNodes(): Promise<readonly [Node, Node]> {
  const path = `/postern/v1/{pid}/clusters/${clusterId}`;
  const { nodes } = ok(await system.postern.api<{ nodes: [Node, Node] }>("GET", path));
  return nodes;
}

/** States and sessions of both nodes, as Postern says. */
async function counted(): Promise<string> {
  return (await listNodes()).map(({ state, sessions }) => `${state} ${sessions}`).join();
}

async function change(verb: "drain" | "undrain", body: object = {}): Promise<void> {
  const [{ id }] = await listNodes();
  const path = `/postern/v1/{pid}/clusters/${clusterId}/nodes/${id}/${verb}`;
  const answer = await system.postern.api("POST", path, body);
  ok(answer);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
}

async function connect(count: number): Promise<string[]> {
  const names: string[] = [];
  for (const address of addresses) {
    const { admitted } = await system.consumer("a").client.call("open", address, count);
    expect(admitted).toHaveLength(count);
    names.push(...admitted);
  }
  return names;
}

test("a draining node keeps its sessions and gets no new ones, of either family, until they are cut", async () => {
  const { client } = system.consumer("a");
  const before = await connect(10);
  const [first = 0, second = 0] = await open();
  expect([first + second, Math.min(first, second) > 0]).toEqual([20, true]);

  await change("drain");
  const after = await connect(10);
  expect(await open()).toEqual([first, second + 20]);
  await client.call("echo", [...before, ...after]);
  const expected = `draining ${first},serving ${second + 20}`;
  await eventually(async () => (await counted()) === expected, { what: expected });
  // The kernel counts bytes by endpoint: what is not known of a node is not told.
  for (const node of await listNodes()) expect(node).not.toHaveProperty("bytes_in");

  await change("drain", { timeout_seconds: 0 });
  await eventually(async () => (await open())[0] === 0, { what: "the end of the sessions on it" });
  const { deaths } = await client.call("fates", [...before, ...after]);
  expect(deaths["alive"]).toBe(second + 20);
  await eventually(async () => (await listNodes())[0].state === "drained", { what: "drained" });

  const left = await eventually(async () => {
    const names: string[] = [];
    for (const name of [...before, ...after]) {
      if ((await client.call("fates", [name])).deaths["alive"] === 1) names.push(name);
    }
    return names.length === second + 20 && names;
  });
  await client.call("echo", left);
  await client.call("close", left);
  await change("undrain");
  await eventually(async () => (await open()).join() === "0,0", { what: "quiet" });
  const again = await connect(20);
  const [returned = 0, whole = 0] = await open();
  // A rising share: a fifth at first, then a third.
  expect([returned > 0, returned < whole]).toEqual([true, true]);
  await client.call("close", again);
});

test("sessions at rest are closed before the time is over", async () => {
  const { client } = system.consumer("a");
  await eventually(async () => (await open()).join() === "0,0", { what: "quiet" });
  const names = await connect(10);
  const [first = 0, second = 0] = await open();
  // Answers as long as a cluster's: the kernel counts packets, and very small ones look like acknowledgements.
  await client.call("stream", names);
  await eventually(async () => (await client.call("streamed")) > 200_000, { what: "answers" });
  await client.call("finishStreams");
  // Nobody waits for so long: what ends before has come to rest.
  await change("drain", { timeout_seconds: 20 });
  await eventually(async () => (await listNodes())[0].state === "drained", {
    what: "drained",
    timeoutMs: 18_000,
    intervalMs: 250,
  });
  expect(await open()).toEqual([0, second]);
  expect(first).toBeGreaterThan(0);
  await change("undrain");
});
