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
    ["net.netfilter.nf_conntrack_buckets", 65_536],
    ["net.ipv4.ip_forward", 1],
    ["net.ipv6.conf.all.forwarding", 1],
    ["net.ipv4.conf.all.rp_filter", 0],
    ["net.ipv4.fwmark_reflect", 1],
    ["net.ipv6.fwmark_reflect", 1],
    ["net.netfilter.nf_conntrack_acct", 1],
    ["net.netfilter.nf_conntrack_timestamp", 1],
  ]),
  hasIpv6: true,
  largestCap: 0,
  networkdSettings: undefined,
  forwardChains: [],
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
  ["no forwarding", { sysctls: new Map([...able.sysctls, ["net.ipv4.ip_forward", 0]]) }, /ip_forward=1/],
  [
    "strict paths",
    { sysctls: new Map([...able.sysctls, ["net.ipv4.conf.all.rp_filter", 1]]) },
    /rp_filter=0/,
  ],
])("%s is found, with the line that fixes it", (_what, change, expected) => {
  expect(lacks(change)).toEqual([expect.stringMatching(expected)]);
});

test.each([
  ["net.netfilter.nf_conntrack_buckets", 65_535, "net.netfilter.nf_conntrack_buckets=65536"],
  ["net.ipv6.conf.all.forwarding", 0, "net.ipv6.conf.all.forwarding=1"],
  ["net.ipv4.fwmark_reflect", 0, "net.ipv4.fwmark_reflect=1"],
  ["net.ipv6.fwmark_reflect", 0, "net.ipv6.fwmark_reflect=1"],
  ["net.netfilter.nf_conntrack_acct", 0, "net.netfilter.nf_conntrack_acct=1"],
  ["net.ipv4.neigh.default.gc_thresh3", 65_535, "net.ipv4.neigh.default.gc_thresh3=65536"],
  ["net.ipv6.neigh.default.gc_thresh3", 65_535, "net.ipv6.neigh.default.gc_thresh3=65536"],
  ["net.netfilter.nf_conntrack_timestamp", 0, "net.netfilter.nf_conntrack_timestamp=1"],
])("%s of %d is found, with the line that fixes it", (name, value, fix) => {
  const found = lacks({ sysctls: new Map([...able.sysctls, [name, value]]) });
  expect(found).toEqual([expect.stringContaining(`echo '${fix}'`)]);
});

test("a host without IPv6 lacks none of its settings", () => {
  const sysctls = new Map([...able.sysctls].filter(([name]) => !name.startsWith("net.ipv6.")));
  expect(lacks({ sysctls, hasIpv6: false })).toEqual([]);
  expect(lacks({ sysctls })).toHaveLength(2);
});

test("a table of flows has room for the largest cap twice, and buckets for that", () => {
  expect(lacks({ largestCap: 131_072 })).toEqual([]);
  expect(lacks({ largestCap: 1_000_000 })).toEqual([
    expect.stringContaining("nf_conntrack_max=2000000"),
    expect.stringContaining("nf_conntrack_buckets=500000"),
  ]);
  const sysctls = new Map([...able.sysctls, ["net.netfilter.nf_conntrack_max", 1_048_576]]);
  expect(lacks({ sysctls })).toEqual([expect.stringContaining("nf_conntrack_buckets=262144")]);
});

test("a networkd that removes what it does not know is found, with the drop-in; the last setting counts", () => {
  const rules = "ManageForeignRoutingPolicyRules";
  const routes = "ManageForeignRoutes";
  const dropIn = expect.stringMatching(/^systemd-networkd: .*networkd\.conf\.d.*=no.*=no/) as string;
  expect(lacks({ networkdSettings: "" })).toEqual([dropIn]);
  expect(lacks({ networkdSettings: `#${rules}=no\n#${routes}=no` })).toEqual([dropIn]);
  expect(lacks({ networkdSettings: `${rules}=no\n${routes}=yes` })).toEqual([dropIn]);
  expect(lacks({ networkdSettings: `${rules}=no\n${routes}=no\n${rules}=yes` })).toEqual([dropIn]);
  expect(lacks({ networkdSettings: `${rules}=yes\n[Network]\n${rules}=no\n${routes}=false` })).toEqual([]);
});

test("a firewall that drops what it does not know is found by its table, with the line that lets Postern through", () => {
  const chain = { family: "inet", table: "filter", name: "forward", policy: "drop", tableText: "" };
  const find = (change: Partial<typeof chain>) => lacks({ forwardChains: [{ ...chain, ...change }] });
  expect(find({})).toEqual([
    expect.stringMatching(
      /^table inet filter, chain forward: sudo nft 'insert rule inet filter forward ct mark/,
    ),
  ]);
  expect(find({ policy: "accept" })).toEqual([]);
  const firewalld = { policy: "accept", table: "firewalld" };
  expect(find(firewalld)).toEqual([expect.stringContaining("firewall-cmd --permanent --zone=trusted")]);
  expect(find({ ...firewalld, tableText: 'iifname "eth1" goto filter_FWD_trusted' })).toEqual([]);
  expect(find({ table: "postern" })).toEqual([]);
  expect(find({ family: "ip", table: "postern" })).toHaveLength(1);
  expect(find({ tableText: "ct mark & 0xff000000 != 0x00000000 accept" })).toEqual([]);
  expect(find({ tableText: "ct mark and 0xff000000 != 0x0 accept" })).toEqual([]);
  expect(find({ tableText: "ct mark != 0x00000000/8 accept" })).toEqual([]);
  const docker = { family: "ip6", name: "FORWARD", tableText: "chain DOCKER-USER {" };
  expect(find(docker)).toEqual([expect.stringContaining("sudo ip6tables -I DOCKER-USER -m connmark")]);
});

test.each(kernelFeatures)("a kernel without %s is found", (feature) => {
  const featureFailures = new Map([...able.featureFailures, [feature, "No such file or directory"] as const]);
  expect(lacks({ featureFailures })).toEqual([expect.stringMatching(`^${feature}: sudo modprobe `)]);
});
