import { describe, expect, test } from "vitest";
import type { Ipv6 } from "../lib/ipv6.ts";
import { explain, type ExplainFacts, type ExplainQuestion } from "./explain.ts";
import type { AccountId } from "./ids.ts";
import {
  accountId,
  aCluster,
  anEndpoint,
  aService,
  aVpc,
  gatewayId,
  hexId,
  someFigures,
} from "./test-fixtures.ts";
import { permissionOf } from "./whitelist.ts";

const stranger = hexId(77) as AccountId;
const view = { id: gatewayId, connected: true, appliedRevision: 1, pid: 1, engines: null, lastSeenAt: 0 };

function factsWith(wish: Partial<ExplainFacts> = {}): ExplainFacts {
  return {
    endpoint: anEndpoint(),
    service: aService(),
    cluster: aCluster(),
    vpc: aVpc(),
    owner: accountId,
    permissions: [],
    gateways: [view],
    figures: undefined,
    recent: undefined,
    isUsable: () => true,
    asOf: null,
    ...wish,
  };
}

function ask(wish: Partial<ExplainFacts> = {}, question: Partial<ExplainQuestion> = {}) {
  return explain(factsWith(wish), { viewer: "owner", ...question });
}

const kernel = aVpc({
  name: "edge",
  cidr: "10.0.0.0/24",
  cidr6: "fd00::/64",
  attachment: { kind: "interface", device: "eth1" },
});

describe("the way to the endpoint", () => {
  test.each<[string, Partial<ExplainFacts>, Partial<ExplainQuestion>]>([
    ["not_attached", { vpc: aVpc({ attachment: { kind: "none" } }) }, {}],
    ["no_gateway", { gateways: [] }, {}],
    ["address_failed", { endpoint: anEndpoint({ phase: "failed", failureMessage: "taken" }) }, {}],
    ["address_coming", { endpoint: anEndpoint({ phase: "creating" }) }, {}],
    ["address_coming", { endpoint: anEndpoint({ createdRevision: 2 }) }, {}],
    ["no_such_family", {}, { source: "fd00::1" }],
    ["source_spoofed", { vpc: kernel }, { source: "10.0.1.1" }],
    [
      "source_spoofed",
      { vpc: kernel, endpoint: anEndpoint({ address6: "fd00::2" as Ipv6 }) },
      { source: "fd01::1" },
    ],
    ["port_not_served", {}, { port: 9201 }],
  ])("%s: nothing answers, whatever else there is", (reason, facts, question) => {
    const answer = ask({ service: aService({ enabled: false }), ...facts }, question);
    expect(answer).toMatchObject({ verdict: "unreachable", reason });
    expect(answer.rules.at(-1)).toMatchObject({ outcome: "unreachable", reason });
    expect(answer.rules.slice(0, -1).every(({ outcome }) => outcome === "passed")).toBe(true);
    expect(answer.rules.at(-1)?.change?.what ?? "").not.toBe("");
  });

  test("sources of the kernel's network get on, and in loopback networks everybody", () => {
    expect(ask({ vpc: kernel }, { source: "10.0.0.7" }).verdict).toBe("admitted");
    expect(ask({}, { source: "203.0.113.7" }).verdict).toBe("admitted");
  });

  test("a gateway that is away makes the answer unknown, and the chain goes on to what would decide", () => {
    const answer = ask({ gateways: [{ ...view, connected: false }], service: aService({ enabled: false }) });
    expect(answer).toMatchObject({ verdict: "unknown", reason: "gateway_away" });
    expect(answer.rules.at(-1)).toMatchObject({ name: "service", reason: "service_closed" });
  });
});

describe("another account", () => {
  const asked = { account: stranger };
  test("is refused by the whitelist, waits for its owner, or is let in", () => {
    const permissions = [permissionOf(stranger)];
    const approval = aService({ approvalEnabled: true });
    expect(ask({}, asked).reason).toBe("not_whitelisted");
    expect(ask({ permissions, service: approval }, asked).reason).toBe("not_accepted");
    expect(ask({ permissions }, asked).verdict).toBe("admitted");
    // The owner's own waits for nobody.
    const foreign = anEndpoint({ accountId: stranger, approval: "pending" });
    expect(ask({ endpoint: foreign, service: approval }, { account: accountId }).verdict).toBe("admitted");
    expect(ask({ endpoint: foreign, service: approval }, { account: stranger }).reason).toBe("not_accepted");
  });

  test("who was taken off the whitelist, and is on it again, only has to be accepted", () => {
    const endpoint = anEndpoint({ accountId: stranger, approval: "rejected", rejectedBy: "whitelist" });
    const commandOf = (permissions: readonly string[]) =>
      ask({ endpoint, permissions }).rules.at(-1)?.change?.command;
    expect(commandOf([])).toBe(`postern whitelist logs --add ${stranger} && postern accept ${endpoint.id}`);
    expect(commandOf([permissionOf(stranger)])).toBe(`postern accept ${endpoint.id}`);
  });

  test("commands name a service that opening did not make", () => {
    const service = aService({ origin: "vpcep" });
    const endpoint = anEndpoint({ approval: "pending" });
    expect(ask({ service, endpoint }).rules.at(-1)?.change?.command).toBe(
      `postern accept ${endpoint.id} --service ${service.id}`,
    );
  });
});

describe("sources", () => {
  const some = anEndpoint({ sourceWhitelistEnabled: true, sourceWhitelist: ["10.0.0.0/24", "10.1.0.7"] });
  test.each([
    ["10.0.0.9", "admitted"],
    ["10.1.0.7", "admitted"],
    ["10.1.0.8", "refused"],
    [undefined, "unknown"],
  ] as const)("%s is %s", (source, verdict) => {
    expect(ask({ endpoint: some }, { source }).verdict).toBe(verdict);
  });

  test("where none is named, what refuses everybody still decides", () => {
    expect(ask({ endpoint: some, isUsable: () => false })).toMatchObject({
      verdict: "refused",
      reason: "no_healthy_node",
    });
    const nobody = anEndpoint({ sourceWhitelistEnabled: true });
    expect(ask({ endpoint: nobody })).toMatchObject({ verdict: "refused", reason: "source_not_allowed" });
  });

  test.each([
    [
      "consumer",
      /10\.0\.0\.0\/24, 10\.1\.0\.7/,
      "A gateway is attached to network edge (10.0.0.0/24, fd00::/64).",
    ],
    ["owner", /of 2 sources\.$/, "A gateway is attached to the endpoint's network."],
  ] as const)("and networks are told as it is the %s's business", (viewer, list, network) => {
    const { rules } = ask({ endpoint: some }, { viewer, source: "10.9.0.1" });
    expect(rules.at(-1)?.lookedAt).toMatch(list);
    expect(ask({ vpc: kernel }, { viewer }).rules[0]?.lookedAt).toBe(network);
  });
});

test("the cap comes before the address family, and the nodes before both", () => {
  const cluster = aCluster({
    nodes: [{ id: aCluster().nodes[0]?.id as never, host: "fd08::1", port: 9200 }],
  });
  const full = someFigures({ sessions: 3_000 });
  const asked = { source: "10.0.0.7" };
  expect(ask({ vpc: kernel, cluster }, asked).rules.at(-1)).toMatchObject({ name: "address family" });
  expect(ask({ vpc: kernel, cluster, figures: full }, asked).reason).toBe("session_cap");
  expect(ask({ vpc: kernel, cluster, figures: full, isUsable: () => false }, asked).reason).toBe(
    "no_healthy_node",
  );
  expect(ask({ cluster }, asked).verdict).toBe("admitted");
});

describe("the rate of new sessions", () => {
  const limited = { vpc: kernel, endpoint: anEndpoint({ maxConnectionRate: 3 }) };
  const ruleOf = (wish: Partial<ExplainFacts>) => {
    const { verdict, reason, rules } = ask({ ...limited, ...wish });
    return [verdict, reason, rules.find(({ name }) => name === "connection rate")?.lookedAt ?? ""];
  };

  test("says what is used of what, by the gateway's last report", () => {
    const asOf = Date.parse("2026-01-02T03:04:05Z");
    const lookedAt = "2 of 3 new sessions a second are in use as of 2026-01-02T03:04:05.000Z.";
    expect(ruleOf({ recent: { passed: 2, refused: 0, withinMs: 1_000 }, asOf })).toEqual([
      "admitted",
      null,
      lookedAt,
    ]);
    expect(ruleOf({})[2]).toMatch(/^0 of 3/);
  });

  test("is no certainty where it may be used up, and what refuses for certain comes before it", () => {
    const used = { passed: 3, refused: 0, withinMs: 1_500 };
    const refusing = { passed: 1, refused: 7, withinMs: 1_000 };
    for (const recent of [used, refusing])
      expect(ruleOf({ recent }).slice(0, 2)).toEqual(["unknown", "connection_rate"]);
    expect(ruleOf({ recent: used })[2]).toMatch(/3 came within 1\.5 s, and 0 were refused/);
    expect(ruleOf({ recent: used, figures: someFigures({ sessions: 3_000 }) })[1]).toBe("session_cap");
  });

  test("is the network's where the endpoint has none, and nobody's in loopback networks", () => {
    const recent = { passed: 0, refused: 7, withinMs: 1_000 };
    const endpoint = anEndpoint();
    expect(ruleOf({ endpoint, recent })).toEqual([
      "unknown",
      "connection_rate",
      expect.stringMatching(/its share of the kernel's flows: 7 connections/),
    ]);
    expect(ruleOf({ endpoint })[0]).toBe("admitted");
    expect(ruleOf({ recent, vpc: aVpc() })).toEqual([
      "admitted",
      null,
      "New sessions a second are not limited.",
    ]);
  });
});
