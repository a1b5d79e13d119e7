import { afterAll, beforeAll, expect, test } from "vitest";
import { Chance } from "../support/chance.ts";
import type { NamedNetwork, NamedService, NodeOfService } from "../support/dns/name-model.ts";
import { NameProof, resolverOf } from "../support/dns/name-proof.ts";
import type { Askers } from "../support/dns/name-proof.ts";
import { NameWorld } from "../support/dns/name-world.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { nodePort, startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { networkOf } from "../support/network.ts";
import { ok, Service } from "../support/service.ts";

/** What fails is told with its seed, and comes again with the seed in this place. */
const seed = Date.now() % 1_000_000_000;
const steps = 60;
const ttlS = 1;
const hosts = ["10.0.0.11", "10.0.0.12"] as const;
const names = ["a", "b"] as const;

let system: NetnsSystem;
let obstacle = "";
let proof: NameProof;

beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const plan = {
    nodes: hosts.map((host) => `${host}/24`),
    gateway: "10.0.0.2/24",
    consumers: names.map((name) => ({ name, address: "10.0.0.50/24" })),
  };
  system = await startNetnsSystem(plan, {}, { args: ["--dns-ttl", String(ttlS)] });
  const { vpc_id: vpcId } = await networkOf(system.postern);
  const rest = { consumer: system.postern, poolSize: undefined };
  const home = { ...rest, name: "the first", vpcId, isDual: false };
  const consumers: NamedNetwork[] = [];
  for (const name of names) consumers.push({ ...rest, name, vpcId: await createNetwork(name), isDual: true });
  const services: NamedService[] = [];
  for (const host of hosts) services.push(await aService(host, home));
  const world = new NameWorld(system.postern, [home, ...consumers], services);
  for (const of of services) {
    await world.open(of);
    for (const network of consumers) await world.create(of, network);
  }
  const resolvers = await Promise.all(world.networks.map(resolverOf));
  proof = new NameProof(world, { chance: new Chance(seed), seed }, await askersIn(consumers), resolvers);
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});

/** Both networks have the addresses that the servers' network has. */
async function createNetwork(name: string): Promise<string> {
  const { device } = system.consumer(name);
  const attachment = { kind: "interface", device };
  const wish = { name, cidr: "10.0.0.0/24", cidr6: "fd00::/64", attachment };
  return ok(await system.postern.api<{ readonly id: string }>("POST", "/postern/v1/{pid}/vpcs", wish)).id;
}

async function aService(host: string, home: NamedNetwork): Promise<NamedService> {
  const node: NodeOfService & { isAlive: boolean } = {
    url: `http://${host}:${nodePort}`,
    isAlive: true,
    setAlive: async (isAlive) => {
      await system.nodes.call("setHealthy", host, isAlive);
      node.isAlive = isAlive;
    },
  };
  const service = await Service.register(system.postern, `on-${host.replaceAll(".", "-")}`, [node]);
  return { service, home, needsApproval: false, nodes: [node], isOpen: false };
}

async function askersIn(networks: readonly NamedNetwork[]): Promise<Askers> {
  const entries = networks.map(async (network) => {
    const server = await resolverOf(network);
    const { client } = system.consumer(network.name);
    return [network, { find: (name: string) => client.call("findName", server, ttlS, name) }] as const;
  });
  return new Map(await Promise.all(entries));
}

test(
  `each consumer finds every name of his network at the addresses beside it, or nowhere, after each of ${steps} random steps`,
  { timeout: 180_000 },
  async ({ skip }) => {
    skip(obstacle !== "", obstacle);
    await proof.world.awaitNodes();
    expect(await proof.toldNow()).toEqual(proof.toldRightly());
    for (let step = 0; step < steps; step += 1) {
      await proof.takeStep();
      expect(await proof.toldNow()).toEqual(proof.toldRightly());
    }
  },
);
