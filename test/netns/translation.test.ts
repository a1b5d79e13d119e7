import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { Consumer, NetnsSystem } from "../support/netns/system.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import type { Address } from "../support/session.ts";

/** Nodes have no IPv6 at all; both consumers have the same addresses of both families. */
const node = "10.8.0.11";
const [cidr, cidr6] = ["10.0.0.0/24", "fd00::/64"];

type Dual = Endpoint & { readonly ip6: string };
type Named = { readonly id: string };

let system: NetnsSystem;
let service: Service;
let endpoints: Readonly<Record<"a" | "b", Dual>>;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = ["a", "b"].map((name) => ({ name, address: "10.0.0.50/24" }));
  system = await startNetnsSystem({ nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers }, {});
  for (const { namespace } of system.topology.consumers)
    await namespace.ip("address add fd00::50/64 dev eth0 nodad");
  const registration = { name: "logs", nodes: [`http://${node}:9200`] };
  const cluster = ok(await system.postern.api<Named>("POST", "/postern/v1/{pid}/clusters", registration));
  service = Service.of(system.postern, cluster.id);
  ok(await system.postern.api("POST", service.path("open"), { profession_vpcep: true }));
  endpoints = { a: await dualEndpoint("a"), b: await dualEndpoint("b") };
  for (const name of ["a", "b"] as const)
    for (const address of addressesOf(name))
      await eventually(() => system.consumer(name).client.call("get", address, "/ready"));
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** Attaches a consumer's network, and makes an endpoint with both families there. */
async function dualEndpoint(name: string): Promise<Dual> {
  const attachment = { kind: "interface", device: system.consumer(name).device };
  const vpc = ok(
    await system.postern.api<Named>("POST", "/postern/v1/{pid}/vpcs", { name, cidr, cidr6, attachment }),
  );
  const wish = { vpc_id: vpc.id, dual_stack: true };
  return (await createEndpoint(system.postern, await service.name(), wish)) as Dual;
}

function addressesOf(name: "a" | "b"): readonly [Address, Address] {
  const { ip, ip6, port } = endpoints[name];
  return [
    { ip, port },
    { ip: ip6, port },
  ];
}

async function open({ client }: Consumer, address: Address, count: number): Promise<readonly string[]> {
  const { admitted } = await client.call("open", address, count);
  expect(admitted).toHaveLength(count);
  return admitted;
}

test("bytes come through to nodes of IPv4 alone, from networks of the same addresses, and are counted", async () => {
  for (const name of ["a", "b"] as const) {
    const consumer = system.consumer(name);
    const names = await open(consumer, addressesOf(name)[1], 10);
    await consumer.client.call("stream", names);
    await eventually(async () => (await consumer.client.call("streamed")) > 200_000);
    for (const { sent, received } of await consumer.client.call("finishStreams")) {
      expect(received).toEqual(sent);
    }
    await consumer.client.call("close", names);
    await eventually(async () => {
      type Counted = Endpoint & { readonly bytes_in: number; readonly bytes_out: number };
      const counted = (await service.endpoints()).find(({ id }) => id === endpoints[name].id) as Counted;
      return counted.sessions === 0 && counted.bytes_in > 2_000_000 && counted.bytes_out > 2_000_000;
    });
  }
});

test("one cap holds for both families", async () => {
  const consumer = system.consumer("a");
  const [four, six] = addressesOf("a");
  ok(await service.setCap(endpoints.a.id, 6));
  const names = [...(await open(consumer, four, 3)), ...(await open(consumer, six, 3))];
  for (const address of [four, six]) {
    const { admitted, refused } = await consumer.client.call("open", address, 2);
    expect([admitted, refused]).toEqual([[], { ECONNREFUSED: 2 }]);
  }
  await consumer.client.call("close", names);
  ok(await service.setCap(endpoints.a.id, 3_000));
  await eventually(async () => (await system.nodes.call("raw")).open === 0);
});

test("one session of the relay is ended by a command: both ends see it, its place is free, and others go on", async () => {
  const { client } = system.consumer("a");
  const [, six] = addressesOf("a");
  const { id } = endpoints.a;
  const list = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await system.postern.cli(["sessions", ...args, "--json"]);
    if (code !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { readonly sessions: readonly (Named & { readonly node?: string })[] })
      .sessions;
  };
  const listed = async (): Promise<readonly string[]> =>
    (await list("--endpoint", id)).map((session) => session.id);
  ok(await service.setCap(id, 2));
  const names = await open(system.consumer("a"), six, 2);
  const [doomed = "", other] = await listed();
  expect(doomed).toMatch(/^\[fd00::50\]:\d+-9200$/);
  expect((await list("logs")).map((session) => session.node)).toEqual([`${node}:9200`, `${node}:9200`]);
  const killed = await system.postern.cli(["kill", id, doomed]);
  expect([killed.code, killed.stderr]).toEqual([0, ""]);
  expect((await system.postern.cli(["kill", id, doomed])).code).toBe(1);
  expect(await listed()).toEqual([other]);
  await eventually(async () => (await system.nodes.call("raw")).open === 1, { what: "the node's end to go" });
  expect((await client.call("fates", names)).deaths).toEqual({ ECONNRESET: 1, alive: 1 });
  const next = await open(system.consumer("a"), six, 1);
  await client.call("echo", next);
  await client.call("close", [...names, ...next]);
  ok(await service.setCap(id, 3_000));
  await eventually(async () => (await system.nodes.call("raw")).open === 0);
});

test("after a reject not one byte passes, both ends see a reset, and the other network notices nothing", async () => {
  const [cut, spared] = [system.consumer("a"), system.consumer("b")];
  const kept = await open(spared, addressesOf("b")[1], 10);
  const names = await open(cut, addressesOf("a")[1], 100);
  const busy = names.slice(0, 50);
  await cut.client.call("pump", busy);
  const answer = await service.decide("reject", endpoints.a.id);
  // What either end sends from here on must not come through.
  await Promise.all([cut.client.call("mark"), system.nodes.call("mark", busy)]);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  expect(answer.headers.get("x-postern-severed")).toBe("100");
  for (const end of [cut.client, system.nodes]) {
    const fates = async () => await end.call("fates", names);
    await eventually(async () => (await fates()).deaths["alive"] === undefined, {
      what: "the end of every session",
    });
    const { deaths, marks } = await fates();
    expect(Object.keys(deaths).filter((how) => how !== "ECONNRESET" && how !== "EPIPE")).toEqual([]);
    expect(marks).toBe(0);
  }
  expect((await cut.client.call("open", addressesOf("a")[1], 2)).refused).toEqual({ ECONNREFUSED: 2 });
  await spared.client.call("echo", kept);
  ok(await service.decide("receive", endpoints.a.id));
  await eventually(() => cut.client.call("get", addressesOf("a")[1], "/again"));
});

test("the relay is for nobody who was not let in, and goes with its last endpoint", async () => {
  const relay = "fd50:6f73:7465:726e::1";
  const { gateway } = system.topology;
  const listening = /\[fd50:6f73:7465:726e::1\]:(\d+)/.exec(await gateway.run("ss", ["-Hltn"]));
  const port = Number(listening?.[1]);
  await system.consumer("a").namespace.ip(`route add ${relay}/128 dev eth0`);
  expect(await system.consumer("a").client.call("probe", { ip: relay, port }, 1_000)).not.toBe("connected");
  for (const { id } of Object.values(endpoints))
    ok(await system.postern.api("DELETE", `/postern/v1/{pid}/endpoints/${id}`));
  await eventually(
    async () => !(await gateway.run("ip", ["-6", "address", "show", "dev", "lo"])).includes(relay),
  );
});
