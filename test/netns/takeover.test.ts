import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { addresses, planOf, startDualLab, untilAnswered } from "../support/netns/dual-lab.ts";
import type { DualLab, Site } from "../support/netns/dual-lab.ts";
import { endpointPort } from "../support/netns/lone-gateway.ts";
import type { EndpointPlan } from "../support/netns/lone-gateway.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import type { Address } from "../support/session.ts";

/** A gateway that was killed, and the one after it, with no server to ask: both families, both kinds of networks. */

const most = 40;
const networks = ["a", "b", "n"] as const;
type Network = (typeof networks)[number];
const families = [
  ["IPv4", 0],
  ["IPv6", 1],
] as const;

const plans: readonly EndpointPlan[] = networks.flatMap((network, index) =>
  addresses.endpoint.map((address, family) => ({
    number: index * 2 + family + 1,
    network,
    address,
    service: network === "b" ? "metrics" : "logs",
    maxSession: most,
  })),
);

let lab: DualLab;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  lab = await startDualLab({ endpoints: plans });
  await everyEndpoint(async (site, { ip }) => await untilAnswered(site, ip));
});
afterAll(async () => {
  if (obstacle === "") await lab.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

async function everyEndpoint(
  work: (site: Site, at: Address, network: Network) => Promise<void>,
): Promise<void> {
  for (const network of networks) {
    for (const ip of addresses.endpoint) await work(lab.sites[network], { ip, port: endpointPort }, network);
  }
}

/** Kills the gateway, and starts another one with endpoints that differ from those of the lab. */
async function takeOver(change: (plan: EndpointPlan) => EndpointPlan = (plan) => plan): Promise<void> {
  await lab.gateway.kill();
  await lab.gateway.begin(planOf(lab.sites.n.namespace.name, { endpoints: plans.map(change) }));
}

async function finishStreams({ client }: Site): Promise<void> {
  for (const { sent, received } of await client.call("finishStreams")) expect(received).toEqual(sent);
}

async function expectFull(site: Site, at: Address): Promise<void> {
  expect(await site.client.call("open", at, 5)).toEqual({ admitted: [], refused: { ECONNREFUSED: 5 } });
}

async function expectReset(site: Site, names: readonly string[]): Promise<void> {
  for (const end of [site.client, lab.nodes]) {
    await eventually(async () => (await end.call("fates", names)).deaths["alive"] === undefined, {
      what: "the end of every session",
    });
    const { deaths, marks } = await end.call("fates", names);
    expect(Object.keys(deaths).filter((how) => how !== "ECONNRESET" && how !== "EPIPE")).toEqual([]);
    expect(marks).toBe(0);
  }
}

/** Opens as many sessions as each cap admits, and has bytes stream through every fourth. */
async function fillEveryEndpoint(): Promise<ReadonlyMap<Site, readonly string[]>> {
  const held = new Map<Site, string[]>();
  await everyEndpoint(async (site, at) => {
    const { admitted } = await site.client.call("open", at, most);
    expect(admitted.length).toBe(most);
    held.set(site, [...(held.get(site) ?? []), ...admitted]);
  });
  for (const [site, names] of held)
    await site.client.call(
      "stream",
      names.filter((_, n) => n % 4 === 0),
    );
  return held;
}

/** None of them broke, and the slots that they leave are of use: as many as they are, and no more. */
async function expectWholeThenFree(held: ReadonlyMap<Site, readonly string[]>): Promise<void> {
  for (const [site, names] of held) {
    await finishStreams(site);
    await site.client.call("echo", names);
    expect((await site.client.call("fates", names)).deaths).toEqual({ alive: names.length });
  }
  for (const [site, names] of held) await site.client.call("close", names);
  await everyEndpoint(async (site, at) => {
    let admitted: readonly string[] = [];
    await eventually(async () => {
      admitted = [...admitted, ...(await site.client.call("open", at, most + 5)).admitted];
      return admitted.length >= most;
    });
    expect(admitted.length).toBe(most);
    await site.client.call("close", admitted);
  });
}

test("a gateway that is killed and started again under traffic breaks no session, and counts on", async () => {
  const held = await fillEveryEndpoint();
  for (let time = 0; time < 3; time += 1) {
    await lab.gateway.kill();
    await everyEndpoint(expectFull);
    await lab.gateway.begin(planOf(lab.sites.n.namespace.name, { endpoints: plans }));
    await everyEndpoint(expectFull);
  }
  await expectWholeThenFree(held);
});

/** What a gateway leaves that is killed over the replacement of tables, before they have their elements. */
const closed = `table inet postern {
  set closed { type ifname; elements = { "vpc-a", "vpc-b" } }
  chain closed_in { type filter hook prerouting priority -310; iifname @closed drop; }
  chain closed_through { type filter hook forward priority -310; ct mark >= 16777216 drop; }
}
table arp postern {
  chain closed_in { type filter hook input priority -310; iifname { "vpc-a", "vpc-b" } drop; }
}
`;

test("tables of another version are replaced under traffic: no session breaks, and the caps go on counting them", async () => {
  const held = await fillEveryEndpoint();
  await lab.gateway.kill();
  const host = lab.topology.gateway;
  const [mark = ""] = /version_\d+/.exec(await host.run("nft", ["list", "sets"])) ?? [];
  const aged = `delete set inet postern ${mark}\nadd set inet postern version_1 { type mark; }\n`;
  await host.run("nft", ["-f", "-"], aged);
  await lab.gateway.begin(planOf(lab.sites.n.namespace.name, { endpoints: plans }));
  const present = await host.run("nft", ["list", "sets"]);
  expect([present.includes("version_1 "), present.includes(`${mark} `)]).toEqual([false, true]);
  // What stood in for their elements has gone.
  expect(present).not.toContain("set closed ");
  await everyEndpoint(expectFull);
  await lab.gateway.kill();
  await host.run("nft", ["-f", "-"], closed);
  await lab.gateway.begin(planOf(lab.sites.n.namespace.name, { endpoints: plans }));
  expect(await host.run("nft", ["list", "ruleset"])).not.toContain("closed_in");
  await expectWholeThenFree(held);
});

describe.each(families)("%s", (_name, family) => {
  const at: Address = { ip: addresses.endpoint[family], port: endpointPort };
  const isOf = (network: Network, plan: EndpointPlan): boolean =>
    plan.network === network && plan.address === at.ip;

  test.each(networks)(
    "in %s, what is rejected meanwhile is cut at both ends, and nothing else",
    async (network) => {
      const site = lab.sites[network];
      const neighbours = networks.filter((each) => each !== network).map((each) => lab.sites[each]);
      const { admitted } = await site.client.call("open", at, most / 2);
      expect(admitted.length).toBe(most / 2);
      for (const { client } of neighbours) {
        await client.call("stream", (await client.call("open", at, 5)).admitted);
      }
      await takeOver((plan) => (isOf(network, plan) ? { ...plan, refusal: "not_accepted" } : plan));
      await Promise.all([site.client.call("mark"), lab.nodes.call("mark", admitted)]);
      await expectReset(site, admitted);
      expect(await site.client.call("probe", at, 5_000)).toBe("ECONNREFUSED");
      for (const neighbour of neighbours) await finishStreams(neighbour);
      await takeOver();
      await untilAnswered(site, at.ip);
    },
  );

  test("a source that may not connect any more is cut, and the others are not", async () => {
    const site = lab.sites.a;
    const own = addresses.consumer[family];
    const second = (["10.0.0.51", "fd00::51"] as const)[family];
    await site.namespace.ip(
      `address add ${second}${["/24", "/64"][family]} dev eth0${["", " nodad"][family]}`,
    );
    const { admitted: stays } = await site.client.call("open", { ...at, from: own }, 5);
    const { admitted: goes } = await site.client.call("open", { ...at, from: second }, 5);
    expect([stays.length, goes.length]).toEqual([5, 5]);
    await site.client.call("stream", stays);
    await takeOver((plan) => (isOf("a", plan) ? { ...plan, sources: [own] } : plan));
    await lab.nodes.call("mark", goes);
    await expectReset(site, goes);
    expect(await site.client.call("probe", at, 5_000, second)).toBe("ECONNREFUSED");
    expect(await site.client.call("probe", at, 5_000, own)).toBe("connected");
    await finishStreams(site);
    await takeOver();
  });
});
