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

type Traffic = { readonly new_sessions: number; readonly bytes_in: number; readonly bytes_out: number };
type Node = Traffic & { readonly id: string; readonly state: string; readonly sessions?: number };
type Named = { readonly id: string };

let system: NetnsSystem;
let clusterId: string;
let endpointId: string;
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
  endpointId = endpoint.id;
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

/** What nodes have carried together, and what the endpoint has. */
async function carried(): Promise<readonly [Traffic, Traffic]> {
  const nodes = await listNodes();
  const sum = (name: keyof Traffic): number => nodes.reduce((total, node) => total + node[name], 0);
  const path = `/postern/v1/{pid}/endpoints/${endpointId}`;
  const { new_sessions, bytes_in, bytes_out } = ok(await system.postern.api<Traffic>("GET", path));
  return [
    { new_sessions: sum("new_sessions"), bytes_in: sum("bytes_in"), bytes_out: sum("bytes_out") },
    { new_sessions, bytes_in, bytes_out },
  ];
}

function grown(before: Traffic, after: Traffic): Traffic {
  return {
    new_sessions: after.new_sessions - before.new_sessions,
    bytes_in: after.bytes_in - before.bytes_in,
    bytes_out: after.bytes_out - before.bytes_out,
  };
}

test("what nodes carry is counted where it goes, to the byte, and of relayed sessions what they carry", async () => {
  const { client } = system.consumer("a");
  const stream = async (address: Address): Promise<void> => {
    const { admitted } = await client.call("open", address, 4);
    await client.call("stream", admitted);
    await eventually(async () => (await client.call("streamed")) > 200_000, { what: "answers" });
    await client.call("finishStreams");
    await client.call("close", admitted);
    await eventually(async () => (await open()).join() === "0,0", { what: "quiet" });
  };
  const [nodesBefore, endpointBefore] = await eventually(
    async () => {
      const [nodes, endpoint] = await carried();
      const isKnown = nodes.new_sessions >= addresses.length && nodes.new_sessions === endpoint.new_sessions;
      return isKnown && ([nodes, endpoint] as const);
    },
    { what: "what was carried so far" },
  );
  await stream(addresses[0] ?? { ip: "", port: 0 });
  const [nodesBetween, endpointBetween] = await eventually(
    async () => {
      const [nodes, endpoint] = await carried();
      const ofNodes = grown(nodesBefore, nodes);
      const isSame = JSON.stringify(ofNodes) === JSON.stringify(grown(endpointBefore, endpoint));
      return (
        ofNodes.new_sessions === 4 && ofNodes.bytes_in > 200_000 && isSame && ([nodes, endpoint] as const)
      );
    },
    { what: "the bytes of both nodes" },
  );
  for (const { bytes_out } of await listNodes()) expect(bytes_out).toBeGreaterThan(50_000);

  await stream(addresses[1] ?? { ip: "", port: 0 });
  await eventually(
    async () => {
      const [nodes, endpoint] = await carried();
      const [ofNodes, ofEndpoint] = [grown(nodesBetween, nodes), grown(endpointBetween, endpoint)];
      // The relay counts what it carries, the rules what that takes on the way, acknowledgements and all.
      const share = ofNodes.bytes_in / ofEndpoint.bytes_in;
      return ofNodes.new_sessions === 4 && ofNodes.bytes_out > 200_000 && share > 0.5 && share < 1;
    },
    { what: "the bytes of relayed sessions" },
  );
});

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
