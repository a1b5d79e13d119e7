import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Chance } from "../../../test/support/chance.ts";
import { eventually } from "../../../test/support/eventually.ts";
import type { ConsumerProcedures } from "../../../test/support/netns/consumer-program.ts";
import { LoneGateway } from "../../../test/support/netns/lone-gateway.ts";
import type { Namespace } from "../../../test/support/netns/namespace.ts";
import type { NodeProcedures } from "../../../test/support/netns/node-program.ts";
import { Remote } from "../../../test/support/netns/remote.ts";
import { netnsObstacle } from "../../../test/support/netns/requirements.ts";
import { buildTopology } from "../../../test/support/netns/topology.ts";
import { buildSnapshot, type DesiredState } from "../../domain/build-snapshot.ts";
import { explain, type Explanation } from "../../domain/explain.ts";
import type { VpcId } from "../../domain/ids.ts";
import { refusalReasons, type RefusalReason } from "../../domain/refusal.ts";
import type { Endpoint } from "../../domain/resources.ts";
import { aVpc, gatewayId, namePlace, someFigures, uuid } from "../../domain/test-fixtures.ts";
import {
  calmStateOf,
  canHold,
  someSituation,
  stateOf,
  type Situation,
  type SituationPlace,
} from "../test-situations.ts";

const situationCount = 180;
const servingPort = 9200;
const deadPort = 9999;

const place: SituationPlace = {
  addressOf: (n) => ({
    address: `10.0.0.${n + 60}` as Endpoint["address"],
    address6: n % 3 === 0 ? null : (`fd00::${(n + 0x100).toString(16)}` as Endpoint["address6"]),
  }),
  // Of the last two the gateway is told by nobody: they are spoofed.
  sources: ["10.0.0.50", "10.0.0.51", "10.0.0.52", "fd00::50", "fd00::51", "10.1.0.1", "fd01::1"],
  holders: ["10.0.0.50", "10.0.0.51", "10.0.0.52"],
  sourceEntries: ["10.0.0.48/30", "10.0.0.52", "fd00::50", "fd00::/64", "10.0.0.0/25", "10.9.0.0/16"],
  nodes: [
    { host: "10.8.0.11", port: servingPort },
    { host: "10.8.0.11", port: deadPort },
    { host: "fd08::11", port: servingPort },
  ],
  serves: ({ port }) => port === servingPort,
  vpc: aVpc({
    cidr: "10.0.0.0/24",
    cidr6: "fd00::/64",
    attachment: { kind: "interface", device: "vpc-a" },
  }),
  unattached: aVpc({ id: uuid(9) as VpcId, number: 2, attachment: { kind: "none" } }),
};

async function startNetworks() {
  const topology = await buildTopology({
    nodes: ["10.8.0.11/24"],
    gateway: "10.8.0.2/24",
    consumers: [{ name: "a", address: "10.0.0.50/24" }],
  });
  onTestFinished(() => topology.remove());
  const [site] = topology.consumers;
  if (!site) throw new Error("There is one consumer");
  for (const address of place.sources.slice(1)) {
    const length = isIPv6(address)
      ? address.startsWith("fd00")
        ? "64"
        : "128"
      : address.startsWith("10.0")
        ? "24"
        : "32";
    await site.namespace.ip(`address add ${address}/${length} dev eth0${isIPv6(address) ? " nodad" : ""}`);
  }
  await topology.provider.ip("address add fd08::11/64 dev eth0 nodad");
  await topology.gateway.ip("address add fd08::2/64 dev servers nodad");
  const nodes = await Remote.start<NodeProcedures>(topology.provider, "node");
  onTestFinished(() => nodes.stop());
  for (const { host, port } of place.nodes) if (port === servingPort) await nodes.call("start", host, port);
  const client = await Remote.start<ConsumerProcedures>(site.namespace, "consumer");
  onTestFinished(() => client.stop());
  return { gatewayHost: topology.gateway, client };
}

const snapshotOf = (state: DesiredState): object => buildSnapshot(state, gatewayId, namePlace, String);
const portOf = ({ facts }: Situation): number =>
  facts.service.ports[0]?.clientPort ?? facts.cluster.clientPort;

/** Elements of a set or map, as nft writes them. */
async function elementsOf(host: Namespace, set: string): Promise<readonly string[]> {
  const kind = /^node[46]/.test(set) ? "map" : "set";
  const listed = await host.run("nft", ["list", kind, "inet", "postern", set]);
  const elements = /elements = \{([^}]*)\}/.exec(listed)?.[1] ?? "";
  return elements.split(",").map((element) => element.trim());
}

/** How often each endpoint was refused, by its number and the reason. */
async function refusedOf(host: Namespace): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const reason of refusalReasons) {
    for (const element of await elementsOf(host, `refused_${reason}`)) {
      const [, mark, packets] = /^(0x[0-9a-f]+) counter packets (\d+)/.exec(element) ?? [];
      if (mark !== undefined) counts.set(`${Number(mark)} ${reason}`, Number(packets));
    }
  }
  return counts;
}

function reasonsBetween(
  number: number,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly RefusalReason[] {
  return refusalReasons.flatMap((reason) => {
    const key = `${number} ${reason}`;
    return Array.from({ length: (after.get(key) ?? 0) - (before.get(key) ?? 0) }, () => reason);
  });
}

function isAsExplained({ verdict, reason }: Explanation, outcome: string): boolean {
  if (verdict === "admitted") return outcome === "connected";
  if (verdict === "refused" || reason === "port_not_served") return outcome === "ECONNREFUSED";
  return ["silence", "EHOSTUNREACH", "EADDRNOTAVAIL"].includes(outcome);
}

test(`explain predicts what the kernel does in ${situationCount} random situations of both families`, async ({
  skip,
}) => {
  const obstacle = await netnsObstacle();
  skip(obstacle !== "", obstacle);
  const seed = randomInt(2 ** 31);
  const chance = new Chance(seed);
  const situations = Array.from({ length: situationCount }, (_, n) => someSituation(chance, place, n + 1));
  const { gatewayHost, client } = await startNetworks();
  const gateway = await LoneGateway.startWith(gatewayHost, snapshotOf(calmStateOf(situations, place)));
  onTestFinished(() => gateway.stop());
  const holding = situations.filter((one) => canHold(one, place) && one.held > 0);
  // Not one of them: the session that asks may still count when those are opened that make its cap full.
  const idle = situations.find((one) => canHold(one, place) && one.held === 0);
  if (!idle) throw new Error("Somebody holds no session");
  await eventually(
    async () => {
      const address = { ip: idle.carried.address, port: portOf(idle) };
      return (await client.call("probe", address, 1_000, idle.heldFrom)) === "connected";
    },
    { what: "an endpoint to answer" },
  );
  const names = new Map<Situation, readonly string[]>();
  for (const one of holding) {
    const address = { ip: one.carried.address, port: portOf(one), from: one.heldFrom };
    const { admitted, refused } = await client.call("open", address, one.held);
    expect({ seed, refused }).toEqual({ seed, refused: {} });
    names.set(one, admitted);
  }
  await gateway.kill();
  await gateway.beginWith(snapshotOf(stateOf(situations, place)));
  // Nobody knows the nodes that do not serve until they were asked, some times.
  await eventually(
    async () => {
      const buckets = [
        ...(await elementsOf(gatewayHost, "node4")),
        ...(await elementsOf(gatewayHost, "node6")),
      ];
      return !buckets.some((bucket) => bucket.endsWith(` ${deadPort}`));
    },
    { what: "dead nodes to be taken out" },
  );
  const before = await refusedOf(gatewayHost);
  const met = await Promise.all(
    situations.map(async (situation) => {
      const { endpoint } = situation.facts;
      const { deaths } = await client.call("fates", names.get(situation) ?? []);
      const figures = someFigures({ endpointId: endpoint.id, sessions: deaths["alive"] ?? 0 });
      const explanation = explain({ ...situation.facts, figures }, situation.question);
      const { source, port } = situation.question;
      const ip = isIPv6(source) ? endpoint.address6 : endpoint.address;
      const outcome = ip === null ? "EHOSTUNREACH" : await client.call("probe", { ip, port }, 1_500, source);
      return { situation, explanation, outcome };
    }),
  );
  const after = await refusedOf(gatewayHost);
  const seen = new Set<string>();
  for (const { situation, explanation, outcome } of met) {
    const { verdict, reason } = explanation;
    const reasons = reasonsBetween(situation.carried.markerId, before, after);
    const told = {
      seed,
      question: situation.question,
      outcome,
      nodes: situation.facts.cluster.nodes,
      explanation,
    };
    const expected = verdict === "refused" ? [reason] : [];
    expect({ ...told, reasons, fits: isAsExplained(explanation, outcome) }).toEqual({
      ...told,
      reasons: expected,
      fits: true,
    });
    seen.add(`${verdict} ${reason ?? ""}`);
  }
  // Every way to end but the rarest is among them.
  expect(seen.size).toBeGreaterThan(9);
}, 120_000);
