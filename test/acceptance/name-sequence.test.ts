import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Chance } from "../support/chance.ts";
import { NameAsker } from "../support/dns/name-asker.ts";
import type { NamedNetwork, NamedService } from "../support/dns/name-model.ts";
import { NameProof, resolverOf } from "../support/dns/name-proof.ts";
import { MortalNode, NameWorld } from "../support/dns/name-world.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { GuardedProcess, runGuarded } from "../support/guarded-process.ts";
import { programsObstacle } from "../support/netns/requirements.ts";
import { startPostern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import type { Caller } from "../support/service.ts";
import { createTenant } from "../support/tenant.ts";

/** What fails is told with its seed, and comes again with the seed in this place. */
const seed = Date.now() % 1_000_000_000;
const steps = 80;
const ttlS = 1;
const canAddAddresses = process.platform === "linux" && process.getuid?.() === 0;
const zone = "region-1.postern.internal";

const ends: (() => Promise<unknown>)[] = [];
let proof: NameProof;
let world: NameWorld;
let port: number;
let options: { readonly dataDir: string; readonly listen: string; readonly args: readonly string[] };
/** The address of the name server of each network. */
const resolvers = new Map<NamedNetwork, string>();

beforeAll(async () => {
  port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), "postern-"));
  ends.push(() => rm(dataDir, { recursive: true, force: true }));
  const listen = `127.0.0.1:${await freePort()}`;
  options = { dataDir, listen, args: ["--dns-port", String(port), "--dns-ttl", String(ttlS)] };
  const postern = await startPostern(options);
  ends.push(() => world.postern.stop());
  const tenant = await createTenant(postern, "tenant");
  const networks = [
    await firstNetwork("owner's", postern),
    await firstNetwork("tenant's", tenant),
    await smallNetwork(postern),
    await dualNetwork(postern),
  ];
  const [home] = networks as [NamedNetwork];
  const services = [await aService("logs", home, 2, false), await aService("metrics", home, 1, true)];
  world = new NameWorld(postern, networks, services);
  for (const of of services) {
    await world.open(of);
    ok(await of.service.whitelist(tenant.admin.account_id));
  }
  for (const network of networks) for (const of of services) await world.create(of, network);
  const askers = new Map<NamedNetwork, NameAsker>();
  for (const network of networks) {
    const resolver = await resolverOf(network);
    resolvers.set(network, resolver);
    askers.set(network, new NameAsker(resolver, port, ttlS));
  }
  proof = new NameProof(world, { chance: new Chance(seed), seed }, askers, [...resolvers.values()]);
});
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

type Vpc = { readonly id: string; readonly name: string; readonly dns_address?: string };
type Vpcs = { readonly vpcs: readonly Vpc[] };

async function vpcsOf(caller: Caller): Promise<readonly Vpc[]> {
  return ok(await caller.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs")).vpcs;
}

async function firstNetwork(name: string, consumer: Caller): Promise<NamedNetwork> {
  const vpcId = (await vpcsOf(consumer))[0]?.id ?? "";
  return { name, vpcId, consumer, poolSize: undefined, isDual: false };
}

/** A network that runs out of addresses. */
async function smallNetwork(consumer: Caller): Promise<NamedNetwork> {
  const cidr = `127.${randomInt(100, 120)}.${randomInt(256)}.0/29`;
  const vpcId = await createNetwork(consumer, { name: "small", cidr });
  return { name: "small", vpcId, consumer, poolSize: 5, isDual: false };
}

/** A network of both families, where this host can be told of its addresses. */
async function dualNetwork(consumer: Caller): Promise<NamedNetwork> {
  const [a = "", b = ""] = randomBytes(4).toString("hex").match(/.{4}/g) ?? [];
  const network6 = `fd${a.slice(2)}:1${b.slice(1)}:1::`;
  if (canAddAddresses) await addAddresses(network6);
  const name = "dual";
  const vpcId = await createNetwork(
    consumer,
    canAddAddresses ? { name, cidr6: `${network6}/120` } : { name },
  );
  return { name, vpcId, consumer, poolSize: undefined, isDual: canAddAddresses };
}

async function createNetwork(consumer: Caller, wish: object): Promise<string> {
  return ok(await consumer.api<Vpc>("POST", "/postern/v1/{pid}/vpcs", wish)).id;
}

async function addAddresses(network6: string): Promise<void> {
  const batch = async (action: "add" | "delete"): Promise<void> => {
    const hosts = Array.from({ length: 256 }, (_, host) => host.toString(16));
    const lines = hosts.map((host) => `address ${action} ${network6}${host}/128 dev lo`);
    const file = join(options.dataDir, "addresses");
    await writeFile(file, `${lines.join("\n")}\n`);
    await runGuarded("ip", ["-6", "-batch", file], { timeoutMs: 10_000 });
  };
  await batch("add");
  ends.push(() => batch("delete"));
}

async function aService(
  name: string,
  home: NamedNetwork,
  size: number,
  needsApproval: boolean,
): Promise<NamedService> {
  const nodes = await Promise.all(Array.from({ length: size }, () => MortalNode.start()));
  ends.push(...nodes.map((node) => () => node.setAlive(false)));
  const service = await Service.register(home.consumer, name, nodes);
  return { service, home, needsApproval, nodes, isOpen: false };
}

test(
  `every name that the API shows leads to the addresses beside it, or nowhere, after each of ${steps} random steps`,
  { timeout: 180_000 },
  async () => {
    await world.awaitNodes();
    expect(await proof.toldNow()).toEqual(proof.toldRightly());
    for (let step = 0; step < steps; step += 1) {
      await proof.takeStep();
      expect(await proof.toldNow()).toEqual(proof.toldRightly());
    }
    await world.postern.stop();
    world.postern = await startPostern(options);
    await proof.rightOnceKnown();
    await world.awaitNodes();
    expect(await proof.toldNow()).toEqual(proof.toldRightly());
  },
);

test(
  "a resolver that forwards the zone says the same as soon as it has to forget what it knew",
  { timeout: 120_000 },
  async ({ skip }) => {
    const lacking = await programsObstacle(["dnsmasq"]);
    skip(lacking !== "", lacking);
    const forwarded = new Map<NamedNetwork, NameAsker>();
    for (const [network, resolver] of resolvers) forwarded.set(network, await startForwarder(resolver));
    for (let step = 0; step < 12; step += 1) {
      await proof.takeStep();
      const rightly = proof.expected(forwarded).join("\n");
      const isRight = async (): Promise<boolean> => (await proof.found(forwarded)).join("\n") === rightly;
      const what = `names to be right; ${proof.inWords()}`;
      await eventually(isRight, { timeoutMs: 3_000 * ttlS, intervalMs: 100, what });
    }
    expect(await proof.found(forwarded)).toEqual(proof.expected(forwarded));
  },
);

/** Starts dnsmasq as the documentation sets it up. */
async function startForwarder(resolver: string): Promise<NameAsker> {
  const forwarderPort = await freePort();
  const quiet = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user="];
  const listening = ["--listen-address=127.0.0.1", "--bind-interfaces", `--port=${forwarderPort}`];
  const forwarding = `--server=/${zone}/${resolver}#${port}`;
  const started = new GuardedProcess("dnsmasq", [...quiet, ...listening, forwarding]);
  onTestFinished(() => started.stop());
  return new NameAsker("127.0.0.1", forwarderPort, ttlS);
}
