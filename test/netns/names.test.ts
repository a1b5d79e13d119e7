import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { GuardedProcess } from "../support/guarded-process.ts";
import { netnsObstacle, programsObstacle } from "../support/netns/requirements.ts";
import { nodePort, startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

/** Both consumers' networks and the servers' have the same addresses. */
const node = "10.0.0.11";
const resolver = "10.0.0.3";
const zone = "region-1.postern.internal";
const names = ["a", "b"] as const;

let system: NetnsSystem;
let obstacle = "";
let service: Service;
const endpoints = new Map<string, Endpoint & { readonly dns_name: string }>();

beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const plan = {
    nodes: [`${node}/24`],
    gateway: "10.0.0.2/24",
    consumers: names.map((name) => ({ name, address: "10.0.0.50/24" })),
  };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24", b: "10.0.0.0/24" });
  service = await system.openService("logs", [node]);
  for (const name of names) {
    const made = await system.endpoint(name, service, { ip: "10.0.0.2", enable_dns: true });
    endpoints.set(name, made as Endpoint & { readonly dns_name: string });
  }
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

function nameOf(consumer: string): string {
  return endpoints.get(consumer)?.dns_name ?? "";
}

/** What a consumer's `dig` finds: the status, and the addresses. */
async function dig(consumer: string, name: string, ...options: readonly string[]): Promise<string> {
  const args = [
    `@${resolver}`,
    name,
    "A",
    "+noall",
    "+comments",
    "+answer",
    "+time=1",
    "+tries=2",
    ...options,
  ];
  const said = await system.consumer(consumer).namespace.run("dig", args);
  const status = /status: (\w+)/.exec(said)?.[1] ?? "";
  const addresses = [...said.matchAll(/\sIN\s+A\s+(\S+)/g)].map(([, address]) => address);
  return [status, ...addresses].join(" ");
}

test("each consumer finds his own endpoint at the address that both networks' name servers have", async () => {
  for (const consumer of names) {
    await eventually(async () => (await dig(consumer, nameOf(consumer))) === "NOERROR 10.0.0.2", {
      what: "the name to be there",
    });
    expect(await dig(consumer, nameOf(consumer), "+tcp")).toBe("NOERROR 10.0.0.2");
    const other = consumer === "a" ? "b" : "a";
    expect(await dig(consumer, nameOf(other))).toBe("NXDOMAIN");
    const { client } = system.consumer(consumer);
    await client.call("get", { ip: "10.0.0.2", port: nodePort }, `/by-${consumer}`);
  }
});

test("a rejected endpoint has no name, in its network alone", async () => {
  const { id = "" } = endpoints.get("a") ?? {};
  ok(await service.decide("reject", id));
  expect(await dig("a", nameOf("a"))).toBe("NXDOMAIN");
  expect(await dig("b", nameOf("b"))).toBe("NOERROR 10.0.0.2");
  ok(await service.decide("receive", id));
  await eventually(async () => (await dig("a", nameOf("a"))) === "NOERROR 10.0.0.2");
});

test("names go with the last node that serves, and come back with it", async () => {
  expect(await dig("a", nameOf("a"))).toBe("NOERROR 10.0.0.2");
  await system.nodes.call("setHealthy", node, false);
  await eventually(async () => (await dig("a", nameOf("a"))) === "NXDOMAIN", { timeoutMs: 20_000 });
  await system.nodes.call("setHealthy", node, true);
  await eventually(async () => (await dig("a", nameOf("a"))) === "NOERROR 10.0.0.2", { timeoutMs: 20_000 });
});

/** Starts a resolver for a consumer's programs, as docs/dns.md has it. */
const resolvers: Readonly<Record<string, (consumer: string) => Promise<GuardedProcess>>> = {
  dnsmasq: async (consumer) =>
    spawnIn(
      consumer,
      ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"],
      [
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        `--server=/${zone}/${resolver}`,
        "--stop-dns-rebind",
        `--rebind-domain-ok=/${zone}/`,
      ],
    ),
  unbound: async (consumer) => {
    const directory = await mkdtemp(join(tmpdir(), "postern-unbound-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const file = join(directory, "unbound.conf");
    const server = [
      'username: ""',
      'chroot: ""',
      `directory: "${directory}"`,
      'pidfile: ""',
      "use-syslog: no",
    ];
    const documented = [
      `domain-insecure: "${zone}"`,
      `local-zone: "${zone}." transparent`,
      `private-domain: "${zone}"`,
    ];
    const stub = ["stub-zone:", `  name: "${zone}"`, `  stub-addr: ${resolver}`];
    await writeFile(
      file,
      ["server:", ...[...server, ...documented].map((line) => `  ${line}`), ...stub, ""].join("\n"),
    );
    return spawnIn(consumer, ["unbound", "-d", "-c", file]);
  },
};

function spawnIn(consumer: string, ...args: readonly (readonly string[])[]): GuardedProcess {
  const [command = "", ...prefix] = system.consumer(consumer).namespace.prefix;
  const started = new GuardedProcess(command, [...prefix, ...args.flat()]);
  onTestFinished(() => started.stop());
  return started;
}

test.for(["dnsmasq", "unbound"])(
  "programs find a name through %s, which forwards the zone, and do not once it is rejected",
  async (program, { skip }) => {
    const lacking = await programsObstacle([program]);
    skip(lacking !== "", lacking);
    const { namespace } = system.consumer("a");
    // What `ip netns exec` puts in the place of the machine's own file.
    const files = join("/etc/netns", namespace.name);
    await mkdir(files, { recursive: true });
    onTestFinished(() => rm(files, { recursive: true, force: true }));
    await writeFile(join(files, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    await resolvers[program]?.("a");
    const look = (): Promise<string> => namespace.run("getent", ["ahostsv4", nameOf("a")]).catch(() => "");
    await eventually(async () => (await look()).startsWith("10.0.0.2 "), { what: "getent to find the name" });
    const { id = "" } = endpoints.get("a") ?? {};
    ok(await service.decide("reject", id));
    // A resolver may keep an answer for as long as it says, five seconds.
    await eventually(async () => (await look()) === "", { timeoutMs: 20_000, intervalMs: 200 });
    expect(await look()).toBe("");
    ok(await service.decide("receive", id));
    await eventually(async () => (await look()).startsWith("10.0.0.2 "), {
      timeoutMs: 20_000,
      intervalMs: 200,
    });
  },
);

test("the name server's address is good for names and nothing else", async () => {
  const { client, namespace } = system.consumer("a");
  for (const port of [22, 80, nodePort, 9700])
    expect(await client.call("probe", { ip: resolver, port }, 5_000)).toBe("ECONNREFUSED");
  await expect(namespace.run("ping", ["-n", "-c", "1", "-W", "1", resolver])).rejects.toThrow("ping");
  // What is asked is not tracked: it can take nothing from sessions.
  const flows = await system.topology.gateway.run("conntrack", ["-L", "--orig-dst", resolver]);
  expect(flows).toBe("");
  // Nor is an endpoint's address good for names.
  await expect(namespace.run("dig", ["@10.0.0.2", nameOf("a"), "+time=1", "+tries=1"])).rejects.toThrow(
    "dig",
  );
});

test("a source that is not of the network gets no answer", async () => {
  const { namespace } = system.consumer("a");
  await namespace.ip("address add 192.0.2.7/32 dev eth0");
  await expect(
    namespace.run("dig", ["-b", "192.0.2.7", `@${resolver}`, nameOf("a"), "+time=1", "+tries=1"]),
  ).rejects.toThrow("dig");
});

test("names stay while the server is dead, also through a gateway that starts anew", async () => {
  const before = await system.postern.pids();
  process.kill(before.server, "SIGSTOP");
  try {
    expect(await dig("a", nameOf("a"))).toBe("NOERROR 10.0.0.2");
    process.kill(before.gateway, "SIGKILL");
    await eventually(async () => (await system.postern.pids()).gateway !== before.gateway);
    await eventually(async () => (await dig("a", nameOf("a"))) === "NOERROR 10.0.0.2", { timeoutMs: 20_000 });
    expect(await dig("b", nameOf("b"), "+tcp")).toBe("NOERROR 10.0.0.2");
  } finally {
    process.kill(before.server, "SIGCONT");
  }
});
