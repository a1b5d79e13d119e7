import { runGuarded } from "../guarded-process.ts";

/** Programs that tests in namespaces call. */
const netnsPrograms = ["nft", "ip", "conntrack", "tcpdump", "ping", "dig", "iptables-nft"];

/** Programs that tests call, and the Debian packages that bring them. */
const packageOf: Readonly<Record<string, string>> = {
  nft: "nftables",
  ip: "iproute2",
  conntrack: "conntrack",
  tcpdump: "tcpdump",
  ping: "iputils-ping",
  dig: "bind9-dnsutils",
  kdig: "knot-dnsutils",
  dnsmasq: "dnsmasq-base",
  knotd: "knot",
  named: "bind9",
  "named-checkzone": "bind9-utils",
  unbound: "unbound",
  "iptables-nft": "iptables",
};

/**
 * Gives in one line the reason why this machine has no tests in network namespaces; "" where it has. Programs that
 * are missing are installed where apt can do that.
 */
export async function netnsObstacle(): Promise<string> {
  if (process.platform !== "linux") return "Network namespaces are a thing of Linux";
  if (process.getuid?.() !== 0) return "Network namespaces need root";
  const lacking = await programsObstacle(netnsPrograms);
  if (lacking !== "") return lacking;
  const refused = await failureOf("unshare", ["--net", "nft", "list", "ruleset"]);
  return refused === "" ? "" : `This root may not use nftables in a namespace: ${refused}`;
}

/** Gives the reason why programs are not there, installing those that apt knows where this is root; "" where they are. */
export async function programsObstacle(programs: readonly string[]): Promise<string> {
  const missing: string[] = [];
  for (const program of programs) if ((await failureOf("which", [program])) !== "") missing.push(program);
  if (missing.length === 0) return "";
  const packages = missing.map((program) => packageOf[program] ?? program);
  if (process.getuid?.() !== 0)
    return `${missing.join(", ")} is missing: apt-get install ${packages.join(" ")}`;
  const failure = await failureOf("apt-get", ["install", "--yes", "--no-install-recommends", ...packages]);
  return failure === "" ? "" : `${missing.join(", ")} cannot be installed: ${failure}`;
}

/** The first line of what went wrong, or "". */
async function failureOf(command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runGuarded(command, args, { timeoutMs: 150_000, env });
    return "";
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.trim().split("\n").at(-1) ?? reason;
  }
}
