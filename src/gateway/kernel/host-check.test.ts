import { expect, test } from "vitest";
import { judgeHost, kernelFeatures, type HostFacts } from "./host-check.ts";

const able: HostFacts = {
  platform: "linux",
  capabilities: (1n << 12n) | (1n << 13n),
  nftVersion: "nftables v1.0.6 (Lester Gooch #5)",
  ipVersion: "ip utility, iproute2-6.1.0",
  featureFailures: new Map(kernelFeatures.map((feature) => [feature, ""])),
  sysctls: new Map([
    ["net.netfilter.nf_conntrack_max", 262_144],
    ["net.netfilter.nf_conntrack_acct", 1],
    ["net.netfilter.nf_conntrack_timestamp", 1],
    ["net.ipv4.ip_forward", 1],
    ["net.ipv4.conf.all.rp_filter", 0],
  ]),
  openFiles: 20_000,
};

const lacks = (change: Partial<HostFacts>): readonly string[] =>
  judgeHost({ ...able, ...change }).flatMap(({ name, fix }) =>
    fix === undefined ? [] : [`${name}: ${fix}`],
  );

test("a host that has everything lacks nothing", () => {
  expect(lacks({})).toEqual([]);
  expect(lacks({ nftVersion: "nftables v1.1.0" })).toEqual([]);
  expect(lacks({ nftVersion: "nftables v2.0.0" })).toEqual([]);
});

test.each<[string, Partial<HostFacts>, RegExp]>([
  ["another system", { platform: "darwin" }, /^Linux: /],
  ["no CAP_NET_ADMIN", { capabilities: 1n << 13n }, /^CAP_NET_ADMIN: run it as root/],
  ["no CAP_NET_RAW", { capabilities: 1n << 12n }, /^CAP_NET_RAW: run it as root/],
  ["no nft", { nftVersion: undefined }, /^nft >= 1.0.6: sudo apt-get install nftables$/],
  ["an old nft", { nftVersion: "nftables v1.0.5" }, /^nft >= 1.0.6: /],
  ["a much older nft", { nftVersion: "nftables v0.9.8" }, /^nft >= 1.0.6: /],
  ["no ip", { ipVersion: undefined }, /^ip: sudo apt-get install iproute2$/],
  ["few files", { openFiles: 1_024 }, /^open files: /],
  [
    "a small table",
    { sysctls: new Map([...able.sysctls, ["net.netfilter.nf_conntrack_max", 65_536]]) },
    /262144/,
  ],
  [
    "no conntrack",
    { sysctls: new Map([...able.sysctls, ["net.netfilter.nf_conntrack_max", undefined]]) },
    /262144/,
  ],
  [
    "no byte counts",
    { sysctls: new Map([...able.sysctls, ["net.netfilter.nf_conntrack_acct", 0]]) },
    /nf_conntrack_acct=1/,
  ],
  [
    "no ages",
    { sysctls: new Map([...able.sysctls, ["net.netfilter.nf_conntrack_timestamp", 0]]) },
    /nf_conntrack_timestamp=1/,
  ],
  ["no forwarding", { sysctls: new Map([...able.sysctls, ["net.ipv4.ip_forward", 0]]) }, /ip_forward=1/],
  [
    "strict paths",
    { sysctls: new Map([...able.sysctls, ["net.ipv4.conf.all.rp_filter", 1]]) },
    /rp_filter=0/,
  ],
])("%s is found, with the line that fixes it", (_what, change, expected) => {
  expect(lacks(change)).toEqual([expect.stringMatching(expected)]);
});

test.each(kernelFeatures)("a kernel without %s is found", (feature) => {
  const featureFailures = new Map([...able.featureFailures, [feature, "No such file or directory"] as const]);
  expect(lacks({ featureFailures })).toEqual([expect.stringMatching(`^${feature}: sudo modprobe `)]);
});
