import { tableName } from "./nft/schema.ts";

/** What a look at this host has found, for the check to judge. */
export interface HostFacts {
  readonly platform: string;
  /** CapEff of /proc/self/status; 0 where there is none. */
  readonly capabilities: bigint;
  /** What `nft --version` and `ip -Version` print; undefined where the program is missing. */
  readonly nftVersion: string | undefined;
  readonly ipVersion: string | undefined;
  /** Of each kernel feature the kernel's refusal; "" where it works. */
  readonly featureFailures: ReadonlyMap<KernelFeature, string>;
  /** By name with dots; undefined where this host has none of that name. */
  readonly sysctls: ReadonlyMap<string, number | undefined>;
  readonly hasIpv6: boolean;
  /** Most sessions of any endpoint that is carried in the kernel; 0 where there is none. */
  readonly largestCap: number;
  /** Text of systemd-networkd's configuration, the last line of a setting counting; undefined where it does not run. */
  readonly networkdSettings: string | undefined;
  readonly forwardChains: readonly ForwardChain[];
  /** The hard limit of open files; Infinity where there is none. */
  readonly openFiles: number;
}

/** A chain of nftables that forwarded packets go through. */
export interface ForwardChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly policy?: string;
  /** The whole table, as nft lists it. */
  readonly tableText: string;
}

/** One line of the check. */
export interface HostFinding {
  readonly name: string;
  readonly isMet: boolean;
  /** What it is for. */
  readonly purpose: string;
  /** What was found. */
  readonly found: string;
  /** The command that brings it about; left out where it is met. */
  readonly fix?: string;
}

/** Each with an nft rule that needs it, of a chain that is hooked to prerouting. */
export const featureRules = {
  nf_tables: "accept",
  nft_numgen: "meta mark set numgen inc mod 2",
  nft_connlimit: "ct count over 1 drop",
  nft_reject: "meta l4proto tcp reject with tcp reset",
  nft_nat: "dnat ip to 192.0.2.1",
  nft_masq: "masquerade",
  nf_conntrack_zones: "ct zone set 1",
  nf_conntrack_timeout: 'ct timeout set "idle"',
} as const;

export type KernelFeature = keyof typeof featureRules;
export const kernelFeatures = Object.keys(featureRules) as KernelFeature[];

const purposes: Readonly<Record<KernelFeature, string>> = {
  nf_tables: "the rules that carry and refuse connections",
  nft_numgen: "dealing new sessions to the nodes evenly",
  nft_connlimit: "exact session caps",
  nft_reject: "refusing connections at once",
  nft_nat: "leading connections to a node",
  nft_masq: "hiding consumers from nodes, so that nodes need no routes",
  nf_conntrack_zones: "networks with the same addresses",
  nf_conntrack_timeout: "ending idle and half-open sessions",
};

const modules: Partial<Record<KernelFeature, string>> = {
  nf_conntrack_zones: "nf_conntrack",
  nf_conntrack_timeout: "nfnetlink_cttimeout",
};

const oldestNft = [1, 0, 6] as const;
const wantedFlows = 262_144;
const wantedFiles = 20_000;
const persist = (setting: string): string =>
  `echo '${setting}' | sudo tee -a /etc/sysctl.d/90-postern.conf && sudo sysctl --system`;

const capabilityBits = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n } as const;

/** What the kernel engine, and for many sessions the proxy engine, needs of this host. Pure. */
export function judgeHost(facts: HostFacts): readonly HostFinding[] {
  const isLinux = facts.platform === "linux";
  const system: HostFinding = finding(
    "Linux",
    isLinux,
    "the kernel engine",
    facts.platform,
    "run it on Linux",
  );
  if (!isLinux) return [system];
  return [
    system,
    ...capabilities(facts),
    ...programs(facts),
    ...features(facts),
    ...settings(facts),
    ...others(facts),
  ];
}

function capabilities({ capabilities: held }: HostFacts): readonly HostFinding[] {
  const purpose = {
    CAP_NET_ADMIN: "changing rules, routes and flows",
    CAP_NET_RAW: "resetting cut sessions",
  };
  return (["CAP_NET_ADMIN", "CAP_NET_RAW"] as const).map((name) => {
    const isHeld = ((held >> capabilityBits[name]) & 1n) === 1n;
    const fix = "run it as root, or by systemd with deploy/postern-gateway.service";
    return finding(name, isHeld, purpose[name], isHeld ? "held" : "not held", fix);
  });
}

function programs({ nftVersion, ipVersion }: HostFacts): readonly HostFinding[] {
  const isNew = isAtLeast(nftVersion, oldestNft);
  return [
    finding(
      "nft >= 1.0.6",
      isNew,
      "making Postern's tables",
      nftVersion ?? "missing",
      "sudo apt-get install nftables",
    ),
    finding(
      "ip",
      ipVersion !== undefined,
      "attaching networks",
      ipVersion ?? "missing",
      "sudo apt-get install iproute2",
    ),
  ];
}

function isAtLeast(version: string | undefined, wanted: readonly number[]): boolean {
  const numbers = /(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? "")
    ?.slice(1)
    .map(Number);
  if (!numbers) return false;
  const differing = wanted.findIndex((number, at) => numbers[at] !== number);
  return differing < 0 || (numbers[differing] ?? 0) > (wanted[differing] ?? 0);
}

function features({ featureFailures }: HostFacts): readonly HostFinding[] {
  return kernelFeatures.map((feature) => {
    const failure = featureFailures.get(feature) ?? "was not tried";
    const fix = `sudo modprobe ${modules[feature] ?? feature}`;
    return finding(feature, failure === "", purposes[feature], failure === "" ? "works" : failure, fix);
  });
}

/** Settings with one right value, and what it is for. */
const switches = [
  ["net.ipv4.ip_forward", 1, "passing packets on"],
  ["net.ipv6.conf.all.forwarding", 1, "passing packets on"],
  ["net.ipv4.conf.all.rp_filter", 0, "answers to networks with the same addresses"],
  ["net.ipv4.fwmark_reflect", 1, "refusing connections of networks with the same addresses"],
  ["net.ipv6.fwmark_reflect", 1, "refusing connections of networks with the same addresses"],
  ["net.netfilter.nf_conntrack_acct", 1, "bytes of each session"],
  ["net.netfilter.nf_conntrack_timestamp", 1, "the age of each session"],
] as const;

const tableSize = "net.netfilter.nf_conntrack_max";
const tableBuckets = "net.netfilter.nf_conntrack_buckets";
/** Flows that are looked through one after another, with a table that is full. */
const flowsPerBucket = 4;

/** Of the whole host: not to be seen from a network namespace. */
const neighbourTables = ["net.ipv4.neigh.default.gc_thresh3", "net.ipv6.neigh.default.gc_thresh3"];
/** As many as a network of prefix length 16 has addresses: sources that nobody has are searched for too. */
const wantedNeighbours = 65_536;
const neighbourPurpose = "room for the consumers of one network beside the others'";

/** All that `settings` looks at. */
export const judgedSysctls: readonly string[] = [
  tableSize,
  tableBuckets,
  ...neighbourTables,
  ...switches.map(([name]) => name),
];

function settings({ sysctls, openFiles, hasIpv6, largestCap }: HostFacts): readonly HostFinding[] {
  const judge = (name: string, isMet: (value: number) => boolean, wanted: number, purpose: string) => {
    const value = sysctls.get(name);
    const found = value === undefined ? "missing" : String(value);
    return finding(name, value !== undefined && isMet(value), purpose, found, persist(`${name}=${wanted}`));
  };
  // A network may have half of the table.
  const flows = Math.max(wantedFlows, 2 * largestCap);
  const buckets = Math.ceil(Math.max(flows, sysctls.get(tableSize) ?? 0) / flowsPerBucket);
  const room =
    largestCap > wantedFlows / 2 ? `room for ${largestCap} sessions of one endpoint` : "room for flows";
  return [
    judge(tableSize, (value) => value >= flows, flows, room),
    judge(tableBuckets, (value) => value >= buckets, buckets, "finding a flow quickly"),
    ...neighbourTables
      .filter((name) => sysctls.get(name) !== undefined)
      .map((name) => judge(name, (value) => value >= wantedNeighbours, wantedNeighbours, neighbourPurpose)),
    ...switches
      .filter(([name]) => hasIpv6 || !name.startsWith("net.ipv6."))
      .map(([name, wanted, purpose]) => judge(name, (value) => value === wanted, wanted, purpose)),
    finding(
      "open files",
      openFiles >= wantedFiles,
      "sessions of the proxy engine, two files each",
      String(openFiles),
      "LimitNOFILE=1048576 in the service's unit, or in a shell: ulimit -n 1048576",
    ),
  ];
}

/** Programs that may undo what the gateway does, or drop what it passes on. */
function others({ networkdSettings, forwardChains }: HostFacts): readonly HostFinding[] {
  return [
    ...(networkdSettings === undefined ? [] : [networkd(networkdSettings)]),
    ...forwardChains.filter(mayDrop).map(firewall),
  ];
}

const networkdDropIn = "/etc/systemd/networkd.conf.d/90-postern.conf";

function networkd(text: string): HostFinding {
  const kept = ["ManageForeignRoutingPolicyRules", "ManageForeignRoutes"];
  const removing = kept.filter((name) => {
    const last = [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].at(-1)?.[1]?.trim().toLowerCase();
    return !["no", "false", "off", "0"].includes(last ?? "");
  });
  const found = removing.length === 0 ? "leaves them alone" : `${removing.join(" and ")} not off`;
  const lines = ["[Network]", ...kept.map((name) => `${name}=no`)].map((line) => `${line}\\n`).join("");
  const fix =
    `sudo mkdir -p /etc/systemd/networkd.conf.d && printf '${lines}' | sudo tee ${networkdDropIn} && ` +
    "sudo systemctl restart systemd-networkd";
  return finding("systemd-networkd", removing.length === 0, "keeping Postern's routes and rules", found, fix);
}

function mayDrop({ family, table, policy }: ForwardChain): boolean {
  if (family === "inet" && table === tableName) return false;
  return policy === "drop" || table === "firewalld";
}

/** As different versions of nft list it, and iptables' own rule. */
const passingMark = /ct mark (?:(?:and|&) 0xff000000 != 0|!= 0x0+\/8)/;

/** What Postern carries has a flow mark with something in its upper eight bits, and lines by that let it through. */
function firewall(chain: ForwardChain): HostFinding {
  const { family, table, name, tableText } = chain;
  const passing = table === "firewalld" ? /goto filter_FWD_trusted/ : passingMark;
  const isLetThrough = passing.test(tableText);
  const found = isLetThrough ? "lets Postern through" : "may drop forwarded packets";
  const what = `table ${family} ${table}, chain ${name}`;
  return finding(what, isLetThrough, "passing packets on", found, lineThrough(chain));
}

function lineThrough({ family, table, name, tableText }: ForwardChain): string {
  if (table === "firewalld")
    return "for each interface to consumers and servers: sudo firewall-cmd --permanent --zone=trusted --add-interface=NAME; then: sudo firewall-cmd --reload";
  if (!tableText.includes("DOCKER-USER"))
    return `sudo nft 'insert rule ${family} ${table} ${name} ct mark and 0xff000000 != 0 accept comment "postern"'`;
  const tool = family === "ip6" ? "ip6tables" : "iptables";
  return `sudo ${tool} -I DOCKER-USER -m connmark ! --mark 0/0xff000000 -m comment --comment postern -j ACCEPT`;
}

function finding(name: string, isMet: boolean, purpose: string, found: string, fix: string): HostFinding {
  return { name, isMet, purpose, found, ...(isMet ? {} : { fix }) };
}
