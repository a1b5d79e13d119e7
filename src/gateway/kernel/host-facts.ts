import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import {
  featureRules,
  judgedSysctls,
  kernelFeatures,
  type ForwardChain,
  type HostFacts,
  type KernelFeature,
} from "./host-check.ts";

const commandTimeoutMs = 10_000;
/** Tables of other programs may be long. */
const mostOutputBytes = 64 * 1024 * 1024;

/**
 * Looks at this host; changes nothing. Kernel features are tried in a network namespace that ends with the trial.
 * @param largestCap of the endpoints that this gateway carries in the kernel; 0 where there is none
 */
export async function gatherHostFacts(largestCap: number): Promise<HostFacts> {
  const [nft, ip] = [await run("nft", ["--version"]), await run("ip", ["-Version"])];
  const failures = new Map<KernelFeature, string>();
  for (const feature of kernelFeatures) failures.set(feature, await tryFeature(feature));
  const files = /^Max open files\s+\S+\s+(\S+)/m.exec(read("/proc/self/limits"))?.[1] ?? "0";
  return {
    platform: process.platform,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(read("/proc/self/status"))?.[1] ?? "0"}`),
    nftVersion: nft.failure === "" ? firstLine(nft.output) : undefined,
    ipVersion: ip.failure === "" ? firstLine(ip.output) : undefined,
    featureFailures: failures,
    sysctls: new Map(judgedSysctls.map((name) => [name, sysctl(name)])),
    hasIpv6: existsSync("/proc/sys/net/ipv6"),
    largestCap,
    networkdSettings: await networkdSettings(),
    forwardChains: await forwardChains(),
    openFiles: files === "unlimited" ? Infinity : Number(files),
  };
}

/** All of networkd's configuration in its order, where it runs. */
async function networkdSettings(): Promise<string | undefined> {
  const isActive = (await run("systemctl", ["is-active", "--quiet", "systemd-networkd"])).failure === "";
  return isActive
    ? (await run("systemd-analyze", ["cat-config", "systemd/networkd.conf"])).output
    : undefined;
}

/** Chains that forwarded packets go through, of every table, with the text of that. */
async function forwardChains(): Promise<readonly ForwardChain[]> {
  const listed = await run("nft", ["--json", "list", "chains"]);
  if (listed.failure !== "") return [];
  const { nftables } = JSON.parse(listed.output) as {
    nftables: readonly { chain?: Omit<ForwardChain, "tableText"> & { hook?: string } }[];
  };
  const chains = nftables.flatMap(({ chain }) => (chain?.hook === "forward" ? [chain] : []));
  const withText: ForwardChain[] = [];
  for (const { family, table, name, policy } of chains) {
    const { output } = await run("nft", ["list", "table", family, table]);
    withText.push({ family, table, name, tableText: output, ...(policy === undefined ? {} : { policy }) });
  }
  return withText;
}

async function tryFeature(feature: KernelFeature): Promise<string> {
  const kind = feature === "nft_nat" ? "nat" : "filter";
  const [chain, hook] = feature === "nft_masq" ? ["nat", "postrouting"] : [kind, "prerouting"];
  const policy = "ct timeout idle { protocol tcp; l3proto ip; policy = { established : 60 }; }";
  const rules = `table ip postern_check { ${feature === "nf_conntrack_timeout" ? policy : ""}
    chain trial { type ${chain} hook ${hook} priority ${chain === "nat" ? 0 : -300}; ${featureRules[feature]}; }; }
`;
  const namespace = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  return (await run("unshare", [...namespace, "nft", "-f", "-"], rules)).failure;
}

function sysctl(name: string): number | undefined {
  const text = read(`/proc/sys/${name.replaceAll(".", "/")}`).trim();
  return text === "" ? undefined : Number(text);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What a program prints, or why it failed. */
function run(
  command: string,
  args: readonly string[],
  input = "",
): Promise<{ output: string; failure: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { timeout: commandTimeoutMs, maxBuffer: mostOutputBytes },
      (error, stdout, stderr) => {
        const failure = error === null ? "" : firstLine(stderr) || error.message;
        resolve({ output: stdout, failure });
      },
    );
    // A program that is missing has no end to write to.
    child.stdin?.on("error", () => undefined).end(input);
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
