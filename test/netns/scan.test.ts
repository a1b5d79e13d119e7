import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isTooBig, linkLocal } from "../support/netns/breaches.ts";
import { addresses, bystanderPort, startDualLab, untilAnswered } from "../support/netns/dual-lab.ts";
import type { DualLab } from "../support/netns/dual-lab.ts";
import { endpointPort } from "../support/netns/lone-gateway.ts";
import type { EndpointPlan } from "../support/netns/lone-gateway.ts";
import { tcpFlag } from "../support/netns/packets.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { withoutRules } from "../support/netns/rules.ts";
import type { RulePick } from "../support/netns/rules.ts";
import {
  allPorts,
  datagrams,
  errorsAbout,
  fragments,
  groups,
  midstream,
  nextAdmittedPort,
  routerTalk,
  shortLived,
  spoofed,
  strangers,
  syn,
  traceroute,
} from "../support/netns/scan-packets.ts";
import type { Family } from "../support/netns/scan-packets.ts";
import { Scan } from "../support/netns/scan.ts";

/** Endpoints of `a` that let nobody in, or not many, each for a reason of its own. */
const guarded = {
  gate: { service: "logs", refusal: "not_accepted", host: 0x41 },
  sourced: { service: "logs", sources: ["10.0.0.99", "fd00::99"], host: 0x42 },
  nodeless: { service: "nobody", host: 0x43 },
  rate: { service: "logs", connectionRate: 1, host: 0x44 },
  cap: { service: "logs", maxSession: 1, host: 0x45 },
} as const;
type Guarded = keyof typeof guarded;

const families = [4, 6] as const;
const at = <Value>(family: Family, pair: readonly [Value, Value]): Value => pair[family === 4 ? 0 : 1];

function addressOf(name: Guarded, family: Family): string {
  const host = guarded[name].host.toString(16);
  return at(family, [`10.0.0.${host}`, `fd00::${host}`]);
}

const endpoints: readonly Omit<EndpointPlan, "number">[] = [
  ...(["a", "b", "n"] as const).flatMap((network) =>
    addresses.endpoint.map((address) => ({
      network,
      address,
      service: network === "b" ? "metrics" : "logs",
    })),
  ),
  ...(Object.keys(guarded) as Guarded[]).flatMap((name) =>
    families.map((family) => {
      const { host: _host, ...plan } = guarded[name];
      return { network: "a", address: addressOf(name, family), ...plan };
    }),
  ),
];

let lab: DualLab;
let scan: Scan;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  lab = await startDualLab({ endpoints: endpoints.map((plan, index) => ({ number: index + 1, ...plan })) });
  const inA = endpoints.filter(({ network }) => network === "a").map(({ address }) => address);
  scan = new Scan(lab, inA);
  for (const site of Object.values(lab.sites)) {
    for (const ip of addresses.endpoint) await untilAnswered(site, ip);
  }
});
afterAll(async () => {
  if (obstacle === "") await lab.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** Every address of the gateway's host, as `ip` lists them. */
async function ofGateway(): Promise<readonly string[]> {
  const listed: unknown = JSON.parse(await lab.topology.gateway.ip("-json address show"));
  return (listed as { addr_info: { local: string }[] }[])
    .flatMap(({ addr_info }) => addr_info)
    .map(({ local }) => local);
}

/** What a consumer might turn: the host's own addresses and routes. */
async function stateOfGateway(): Promise<string> {
  const { gateway } = lab.topology;
  const shown = [await gateway.ip("-6 route show table all"), await gateway.ip("route show table all")];
  return `${shown.join("")}${(await ofGateway()).join(" ")}`;
}

type Check = (family: Family) => Promise<readonly string[]>;

/** Checks give what they have found that must not be; nothing is as it should be. */
const checks = {
  ports: async (family) =>
    await scan.sendRefused(
      [22, 53, 80, 443, 9300, 9700].map((port) => syn(at(family, addresses.endpoint), port)),
    ),
  strangers: async (family) => {
    const targets = strangers(family, await ofGateway());
    const segments = targets.flatMap((target) =>
      [bystanderPort, 80, endpointPort].map((port) => syn(target, port)),
    );
    return await scan.send([...segments, ...targets.flatMap(datagrams)]);
  },
  groups: async (family) => {
    const targets = groups(family);
    const segments = targets.map((target) => syn(target, endpointPort));
    return await scan.send([...segments, ...targets.flatMap(datagrams)]);
  },
  datagrams: async (family) => await scan.send(datagrams(at(family, addresses.endpoint))),
  traceroute: async (family) => {
    const targets = [addresses.endpoint, addresses.logs, addresses.gateway];
    return await scan.send(targets.flatMap((pair) => traceroute(at(family, pair))));
  },
  hops: async (family) => await scan.sendAdmitted(shortLived(family)),
  spoofed: async (family) => await scan.send(spoofed(family)),
  midstream: async (family) => await scan.sendRefused(midstream(family)),
  fragments: async (family) =>
    await scan.send(fragments(family, [at(family, addresses.logs), at(family, addresses.gateway)])),
  routers: async () => {
    const before = await stateOfGateway();
    const breaches = await scan.send(routerTalk(linkLocal(lab.sites.a.gatewayHardware)));
    return before === (await stateOfGateway()) ? breaches : [...breaches, "the gateway listened to a router"];
  },
  neighbours: async (family) => {
    const targets = [
      ...strangers(family, await ofGateway()),
      ...groups(family),
      at(family, ["10.0.0.77", "fd00::77"]),
    ];
    return await scan.askFor(targets);
  },
  // What the gateway's host itself sends to a network, for whatever reason.
  own: async (family) =>
    await scan.during(async () => {
      const { gateway } = lab.topology;
      const ping = ["-n", "-c", "1", "-W", "0.2", "-I", "vpc-a", at(family, addresses.consumer)];
      await gateway.run("ping", ping).catch(() => undefined);
      return [];
    }),
  /** The gateway finds a consumer that it does not know without telling who asks. */
  asking: async (family) =>
    await scan.during(async () => {
      await lab.topology.gateway.ip("neighbor flush dev vpc-a");
      await untilAnswered(lab.sites.a, at(family, addresses.endpoint));
      return [];
    }),
  /** Errors of the servers' network about a session of the consumer's: only how large packets may be is told. */
  errors: async (family) => {
    const { sites, providerWire, serversHardware } = lab;
    const { wire, gatewayHardware } = sites.a;
    const sourcePort = nextAdmittedPort();
    const breaches = await scan.during(async () => {
      const begin = syn(at(family, addresses.endpoint), endpointPort, { sourcePort });
      await wire.call("exchange", gatewayHardware, begin);
      await providerWire.call("send", serversHardware, errorsAbout(family, sourcePort));
      return [];
    });
    const isTold = (await wire.call("seen")).some(isTooBig);
    return isTold ? breaches : [...breaches, "nobody told how large packets may be"];
  },
  /** Two consumers with the same address and port each have their own session. */
  zones: async (family) => {
    const { sites, providerWire } = lab;
    const begin = syn(at(family, addresses.endpoint), endpointPort, {
      sourcePort: nextAdmittedPort(),
      // Nobody who would reset what he has not begun.
      source: at(family, ["10.0.0.60", "fd00::60"]),
    });
    const breaches = await scan.during(async () => {
      for (const { wire, gatewayHardware } of [sites.a, sites.b]) {
        await wire.call("send", gatewayHardware, [begin]);
      }
      return [];
    });
    const begun = (await providerWire.call("seen")).filter(({ sourcePort, flags }) => {
      return flags === tcpFlag.syn && sourcePort === begin.sourcePort;
    });
    const reached = new Set(begun.map(({ destination }) => destination));
    return reached.size === 2 ? breaches : [...breaches, `the sessions reached only ${[...reached].join()}`];
  },
  gate: async (family) => await refused("gate", family),
  sourced: async (family) => await refused("sourced", family),
  nodeless: async (family) => await refused("nodeless", family),
  rate: async (family) => await limited("rate", family),
  cap: async (family) => await limited("cap", family),
} as const satisfies Record<string, Check>;
type Name = keyof typeof checks;

/** An endpoint that lets nobody in says so at once. */
async function refused(name: Guarded, family: Family): Promise<readonly string[]> {
  const outcome = await lab.sites.a.client.call(
    "probe",
    { ip: addressOf(name, family), port: endpointPort },
    1_000,
  );
  return outcome === "ECONNREFUSED" ? [] : [`the endpoint ${name} answered with ${outcome}`];
}

/** An endpoint that lets one in, now, refuses the others at once. */
async function limited(name: Guarded, family: Family): Promise<readonly string[]> {
  const { client } = lab.sites.a;
  const { admitted, refused: others } = await client.call(
    "open",
    { ip: addressOf(name, family), port: endpointPort },
    10,
  );
  await client.call("close", admitted);
  const isFine = admitted.length <= 1 && others["ECONNREFUSED"] === 10 - admitted.length;
  return isFine ? [] : [`the endpoint ${name} let ${admitted.length} in: ${JSON.stringify(others)}`];
}

describe.each(families)("IPv%i: a consumer reaches the endpoints' ports and nothing else", (family) => {
  test.each(Object.keys(checks) as Name[])("%s", async (name) => {
    expect(await checks[name](family)).toEqual([]);
  });
});

test.each(families)("IPv%i: each of the other 65,534 ports refuses at once", async (family) => {
  expect(await scan.sendRefused(allPorts(at(family, addresses.endpoint)))).toEqual([]);
});

/** Everything that is dropped before it is known whose it is: several lines of defence, each enough. */
const drops = (...chains: readonly string[]): readonly RulePick[] =>
  chains.map((chain) => ({ chain, text: "drop" }));
const atDoor = drops("from_consumer", "decide");

/** Rules, and the check that fails without them, in one family or in both. */
const rules: readonly (readonly [Name, readonly Family[], readonly RulePick[]])[] = [
  ["ports", families, [{ chain: "from_consumer", text: "reject with tcp reset" }]],
  ["strangers", families, [...atDoor, ...drops("into_from_consumer")]],
  ["groups", families, [...atDoor, ...drops("into_from_consumer")]],
  ["strangers", families, [...atDoor, ...drops("to_node", "opening_to_node")]],
  [
    "datagrams",
    families,
    [...atDoor, ...drops("into_from_consumer"), { chain: "decide", text: "meta mark set 0x" }],
  ],
  ["traceroute", families, [...atDoor, ...drops("own_to_consumer")]],
  ["hops", [4], [{ chain: "from_consumer", text: "ip ttl set" }]],
  ["hops", [6], [{ chain: "from_consumer", text: "hoplimit set" }]],
  ["hops", [4], [{ chain: "to_consumer", text: "ip ttl set" }]],
  ["hops", [6], [{ chain: "to_consumer", text: "hoplimit set" }]],
  ["hops", families, [{ chain: "hide_consumer", text: "masquerade" }]],
  ["spoofed", [4], [{ chain: "decide", text: "@prefixes4" }]],
  ["spoofed", [6], [{ chain: "decide", text: "@prefixes6" }]],
  ["midstream", families, [{ chain: "decide", text: "reject with tcp reset" }]],
  ["fragments", families, [...atDoor, ...drops("into_from_consumer")]],
  ["neighbours", [4], [{ family: "arp", chain: "asked", text: "@announced drop" }]],
  ["own", families, drops("own_to_consumer")],
  ["asking", [4], [{ family: "arp", chain: "ask", text: "saddr ip set" }]],
  ["errors", families, drops("to_consumer")],
  ["errors", [4], [{ chain: "to_consumer", text: "icmp type" }]],
  ["errors", [6], [{ chain: "to_consumer", text: "icmpv6 type" }]],
  ["zones", families, [{ chain: "from_consumer", text: "ct original zone set" }]],
  ["gate", families, [{ chain: "decide", text: "@gate" }]],
  ["sourced", [4], [{ chain: "decide", text: "@sources4" }]],
  ["sourced", [6], [{ chain: "decide", text: "@sources6" }]],
  [
    "nodeless",
    families,
    [
      { chain: "decide", text: "@nodeless" },
      { chain: "choose_node", text: "refuse_no_healthy_node" },
    ],
  ],
  ["rate", families, [{ chain: "decide", text: "@connection_rate" }]],
  ["cap", families, [{ chain: "decide", text: "@cap" }]],
];

describe("each rule is one that a check notices the lack of", () => {
  test.each(
    rules.flatMap(([name, ofFamilies, picks]) =>
      ofFamilies.map((family) => {
        const title = picks.map(({ chain, text }) => `${chain}: ${text}`).join(", ");
        return { name, family, picks, title };
      }),
    ),
  )("$name, IPv$family, without $title", async ({ name, family, picks }) => {
    const { gateway } = lab.topology;
    expect(await withoutRules(gateway, picks, () => checks[name](family))).not.toEqual([]);
    expect(await checks[name](family)).toEqual([]);
  });
});
