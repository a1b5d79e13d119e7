import { describe, expect, test } from "vitest";
import { capEntry, endpointEntries, groupEntries, networkEntries, type Entry } from "./compile.ts";
import { elementText } from "./nft/element.ts";
import { bucketsPerGroup, vpcMark } from "./nft/schema.ts";

const lines = (entries: readonly Entry[]): string[] =>
  entries.map(({ set, element }) => `${set} { ${elementText(set, element)} }`);
const mark = vpcMark | 7;
const plain = {
  number: 16_777_217,
  network: 7,
  device: "eth1",
  addresses: ["10.0.0.50"],
  ports: [{ port: 9200, group: 3 }],
  refusal: null,
  hasNodes: true,
};

test("a network is its interface, its zone and where its sources may be", () => {
  const network = { number: 7, device: "eth1", cidrs: ["10.0.0.0/24", "10.0.0.0/25", "fd00::/64"] };
  expect(lines(networkEntries({ ...network, sender: "10.0.0.50" }))).toEqual([
    `vpc_of_interface { eth1 : ${mark} }`,
    "zone_of_interface { eth1 : 7 }",
    `arp_vpc_of_interface { eth1 : ${mark} }`,
    "arp_sender_of_interface { eth1 : 10.0.0.50 }",
    `prefixes4 { ${mark} . 10.0.0.0-10.0.0.255 }`,
    `prefixes6 { ${mark} . fd00::-fd00::ffff:ffff:ffff:ffff }`,
  ]);
  expect(lines(networkEntries(network)).some((line) => line.includes("sender"))).toBe(false);
  const ofResolver = (resolver: string): readonly string[] =>
    lines(networkEntries({ ...network, resolver })).filter(
      (line) => !lines(networkEntries(network)).includes(line),
    );
  expect(ofResolver("10.0.0.53")).toEqual([
    `resolver4 { ${vpcMark | network.number} . 10.0.0.53 }`,
    "arp_announced { eth1 . 10.0.0.53 }",
  ]);
  expect(ofResolver("fd00::53")).toEqual([`resolver6 { ${vpcMark | network.number} . fd00::53 }`]);
});

const besidesCounters = (entries: readonly Entry[]): string[] =>
  lines(entries).filter((line) => !/^(opened|bytes|refused)/.test(line));

describe("an endpoint", () => {
  test("is found by its address and ports, and counted", () => {
    expect(besidesCounters(endpointEntries(plain))).toEqual([
      `vpc_of_endpoint { 16777217 : ${mark} }`,
      `endpoint4 { ${mark} . 10.0.0.50 . 9200 : 16777217 }`,
      "zone_of_address4 { eth1 . 10.0.0.50 . 9200 : 7 }",
      "arp_announced { eth1 . 10.0.0.50 }",
      "group_of_port { 16777217 . 9200 : 3 }",
    ]);
    const counters = lines(endpointEntries(plain)).filter((line) => line.endsWith("{ 16777217 }"));
    expect(counters).toContain("bytes_out { 16777217 }");
    expect(counters).toHaveLength(3);
  });

  test("is not answered for by ARP where its address is IPv6", () => {
    const added = besidesCounters(endpointEntries({ ...plain, addresses: ["fd00::50"] }));
    expect(added).toContain(`endpoint6 { ${mark} . fd00::50 . 9200 : 16777217 }`);
    expect(added.some((line) => line.startsWith("arp"))).toBe(false);
  });

  test.each([
    [
      { refusal: "not_accepted", byteRate: 1_000 } as const,
      [
        "gate { 16777217 : goto refuse_not_accepted }",
        "bandwidth { 16777217 limit rate over 1/second burst 1 bytes }",
      ],
    ],
    [{ hasNodes: false }, ["nodeless { 16777217 }"]],
    [{ sources: [] }, ["sourced { 16777217 }"]],
    [
      { sources: ["10.0.0.9", "10.0.0.0/29"] },
      [
        "sourced { 16777217 }",
        "sources4 { 16777217 . 10.0.0.0-10.0.0.7 }",
        "sources4 { 16777217 . 10.0.0.9-10.0.0.9 }",
      ],
    ],
    [{ connectionRate: 50 }, ["connection_rate { 16777217 limit rate over 50/second burst 50 packets }"]],
    [{ byteRate: 1_000 }, ["bandwidth { 16777217 limit rate over 1000/second burst 1000 bytes }"]],
  ])("with %j has besides", (wish, expected) => {
    const usual = new Set(besidesCounters(endpointEntries(plain)));
    const added = besidesCounters(endpointEntries({ ...plain, ...wish }));
    expect(added.filter((line) => !usual.has(line))).toEqual(expected);
  });

  test("has a cap of its own", () => {
    expect(lines([capEntry(16_777_217, 3_000, 3_000)])).toEqual(["cap { 16777217 ct count over 3000 }"]);
  });
});

test.each([1, 2, 3, 7, 60])("%i nodes of a group get equal shares of its buckets", (count) => {
  const nodes = Array.from({ length: count }, (_, index) => ({ host: `10.0.1.${index}`, port: 9200 }));
  const entries = groupEntries({ number: 3, nodes });
  expect(entries).toHaveLength(bucketsPerGroup);
  const shares = nodes.map(({ host }) => entries.filter(({ element }) => element.data?.[0] === host).length);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
});

test("nodes of both families are dealt to apart; without nodes there is nothing", () => {
  const nodes = [
    { host: "10.0.1.1", port: 1 },
    { host: "fd00::1", port: 2 },
  ];
  const sets = groupEntries({ number: 3, nodes }).map(({ set }) => set);
  expect(sets.filter((set) => set === "node4")).toHaveLength(bucketsPerGroup);
  expect(sets.filter((set) => set === "node6")).toHaveLength(bucketsPerGroup);
  expect(groupEntries({ number: 3, nodes: [] })).toEqual([]);
});
