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
  /** The hard limit of open files; Infinity where there is none. */
  readonly openFiles: number;
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
  return [system, ...capabilities(facts), ...programs(facts), ...features(facts), ...settings(facts)];
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

function settings({ sysctls, openFiles }: HostFacts): readonly HostFinding[] {
  const judge = (name: string, isMet: (value: number) => boolean, wanted: number, purpose: string) => {
    const value = sysctls.get(name);
    const found = value === undefined ? "missing" : String(value);
    return finding(name, value !== undefined && isMet(value), purpose, found, persist(`${name}=${wanted}`));
  };
  const filterPurpose = "answers to networks with the same addresses";
  return [
    judge("net.netfilter.nf_conntrack_max", (value) => value >= wantedFlows, wantedFlows, "room for flows"),
    judge("net.netfilter.nf_conntrack_acct", isOn, 1, "byte counts of sessions"),
    judge("net.netfilter.nf_conntrack_timestamp", isOn, 1, "ages of sessions"),
    judge("net.ipv4.ip_forward", isOn, 1, "passing packets on"),
    judge("net.ipv4.conf.all.rp_filter", (value) => value === 0, 0, filterPurpose),
    finding(
      "open files",
      openFiles >= wantedFiles,
      "sessions of the proxy engine, two files each",
      String(openFiles),
      "LimitNOFILE=1048576 in the service's unit, or in a shell: ulimit -n 1048576",
    ),
  ];
}

function isOn(value: number): boolean {
  return value === 1;
}

function finding(name: string, isMet: boolean, purpose: string, found: string, fix: string): HostFinding {
  return { name, isMet, purpose, found, ...(isMet ? {} : { fix }) };
}
