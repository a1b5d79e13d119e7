import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Capture } from "../support/netns/capture.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { nodePort, startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";

/** All three networks have the same addresses: two consumers' and the servers'. */
const gatewayAddress = "10.0.0.2";
const nodeOfA = "10.0.0.11";
const nodeOfB = "10.0.0.12";
/** A's endpoint has the address of B's node. */
const endpoints = { a: nodeOfB, b: "10.0.0.40" } as const;
/** Long enough for a consumer who has the gateway's link-layer address already. */
const patienceMs = 1_500;

let system: NetnsSystem;
let obstacle = "";
const captures = new Map<string, Capture>();
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const plan = {
    nodes: [`${nodeOfA}/24`, `${nodeOfB}/24`],
    gateway: `${gatewayAddress}/24`,
    consumers: [
      { name: "a", address: "10.0.0.50/24" },
      { name: "b", address: "10.0.0.50/24" },
      { name: "c", address: "10.9.0.50/24" },
    ],
  };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24", b: "10.0.0.0/24", c: "10.9.0.0/24" });
  const [logs, metrics] = [
    await system.openService("logs", [nodeOfA]),
    await system.openService("metrics", [nodeOfB]),
  ];
  await system.endpoint("a", logs, { ip: endpoints.a });
  await system.endpoint("b", metrics, { ip: endpoints.b });
  for (const name of ["a", "b"] as const) {
    await eventually(() => get(name, "/ready"), { what: "the endpoint to answer" });
    captures.set(name, await Capture.start(system.consumer(name).namespace));
  }
});
afterAll(async () => {
  if (obstacle !== "") return;
  for (const capture of captures.values()) await capture.stop();
  await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

function get(consumer: "a" | "b", path: string): Promise<string> {
  return system.consumer(consumer).client.call("get", { ip: endpoints[consumer], port: nodePort }, path);
}

/** Lets a consumer send to an address without asking whose it is: to the gateway's link-layer address. */
async function forceNeighbour(consumer: "a" | "b", address: string): Promise<void> {
  const { namespace } = system.consumer(consumer);
  const known = await namespace.ip(`neighbor show ${endpoints[consumer]} dev eth0`);
  const linkLayer = /lladdr (\S+)/.exec(known)?.[1] ?? "";
  await namespace.ip(`neighbor replace ${address} lladdr ${linkLayer} dev eth0`);
}

test("two networks of the same addresses each reach their own cluster, and the nodes see the gateway", async () => {
  await get("a", "/from-a");
  await get("b", "/from-b");
  expect(await system.nodes.call("seen", "/from-a")).toEqual([
    { node: `node-${nodeOfA}`, source: gatewayAddress },
  ]);
  expect(await system.nodes.call("seen", "/from-b")).toEqual([
    { node: `node-${nodeOfB}`, source: gatewayAddress },
  ]);
});

test("a source that is not of the consumer's network is dropped", async () => {
  const { namespace, client } = system.consumer("a");
  const spoofed = "192.0.2.7";
  await namespace.ip(`address add ${spoofed}/32 dev eth0`);
  const outcome = await client.call("probe", { ip: endpoints.a, port: nodePort }, patienceMs, spoofed);
  expect(outcome).toBe("silence");
  // Not even a flow was made for it, so nothing of it has gone to a node.
  await get("a", "/after-spoofing");
  const flows = await system.topology.gateway.run("conntrack", ["-L", "--orig-src", spoofed]);
  expect(flows).toBe("");
});

test("an endpoint's address answers on its ports and to nothing else", async () => {
  const { namespace, client } = system.consumer("a");
  for (const port of [22, 80, nodePort + 100, 9700]) {
    expect(await client.call("probe", { ip: endpoints.a, port }, 5_000)).toBe("ECONNREFUSED");
  }
  for (const port of [53, nodePort]) await client.call("sendDatagram", { ip: endpoints.a, port });
  await expect(namespace.run("ping", ["-n", "-c", "1", "-W", "1", endpoints.a])).rejects.toThrow("ping");
});

test("the gateway, the nodes and other networks cannot be reached", async () => {
  const { client } = system.consumer("a");
  const inOtherNetwork = system.consumer("c");
  // Somebody does listen there: what refuses is not that nobody is at home.
  const otherPort = await inOtherNetwork.client.call("listen");
  await system.consumer("a").namespace.ip(`route add 10.9.0.0/24 via ${endpoints.a}`);
  const listed: unknown = JSON.parse(await system.topology.gateway.ip("-json address show"));
  const own = (listed as { addr_info: { family: string; local: string }[] }[])
    .flatMap((device) => device.addr_info)
    .filter(({ family, local }) => family === "inet" && !local.startsWith("127."))
    .map(({ local }) => local)
    .filter((local) => local !== endpoints.a && local !== system.consumer("a").address);
  const targets = [
    ...[...new Set([...own, gatewayAddress])].map((ip) => ({ ip, port: 9700 })),
    { ip: nodeOfA, port: nodePort },
    { ip: inOtherNetwork.address, port: otherPort },
  ];
  for (const target of targets) {
    if (target.ip.startsWith("10.0.0.")) await forceNeighbour("a", target.ip);
    const outcome = await client.call("probe", target, patienceMs);
    expect([target, outcome]).toEqual([target, expect.stringMatching(/^(silence|ECONNREFUSED)$/)]);
  }
});

test("nobody answers for addresses that are no endpoints", async () => {
  const { namespace, client } = system.consumer("b");
  for (const ip of [gatewayAddress, nodeOfA, endpoints.a, "10.0.0.77"]) {
    await client.call("sendDatagram", { ip, port: 53 });
    const entry = async (): Promise<string> => await namespace.ip(`neighbor show ${ip} dev eth0`);
    await eventually(async () => (await entry()).includes("FAILED"), {
      what: `the search for ${ip} to fail`,
    });
    expect(await entry()).not.toContain("lladdr");
  }
});

/** Stands last: it judges the frames of all the tests before it. */
test("nothing that consumers have received tells of the servers' side", async () => {
  const allowed = {
    // Who asks for other addresses at the gateway's door is refused in their name: it tells what was asked.
    a: new Set<string>([endpoints.a, gatewayAddress, nodeOfA, "10.9.0.50"]),
    b: new Set<string>([endpoints.b]),
  };
  for (const name of ["a", "b"] as const) {
    await get(name, "/last");
    const frames = (await captures.get(name)?.frames()) ?? [];
    const tcp = frames.filter(({ kind }) => kind === "ipv4");
    expect(tcp.length).toBeGreaterThan(3);
    expect(tcp.filter(({ protocol }) => protocol !== 6)).toEqual([]);
    expect(tcp.filter(({ ttl }) => ttl !== 64)).toEqual([]);
    expect(tcp.filter(({ source }) => !allowed[name].has(source))).toEqual([]);
    const arp = frames.filter(({ kind }) => kind === "arp");
    expect(arp.filter(({ source }) => source !== endpoints[name])).toEqual([]);
    // Neighbour discovery alone: ICMPv6 that no router has passed on.
    const six = frames.filter(({ kind }) => kind === "ipv6");
    expect(six.filter(({ protocol, ttl }) => protocol !== 58 || ttl !== 255)).toEqual([]);
  }
});
