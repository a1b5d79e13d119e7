import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { featureRules, kernelFeatures, type HostFacts, type KernelFeature } from "./host-check.ts";

const commandTimeoutMs = 10_000;
const sysctlNames = [
  "net.netfilter.nf_conntrack_max",
  "net.netfilter.nf_conntrack_acct",
  "net.netfilter.nf_conntrack_timestamp",
  "net.ipv4.ip_forward",
  "net.ipv4.conf.all.rp_filter",
];

/** Looks at this host; changes nothing. Kernel features are tried in a network namespace that ends with the trial. */
export async function gatherHostFacts(): Promise<HostFacts> {
  const [nft, ip] = [await run("nft", ["--version"]), await run("ip", ["-Version"])];
  const failures = new Map<KernelFeature, string>();
  for (const feature of kernelFeatures) failures.set(feature, await tryFeature(feature));
  const files = /^Max open files\s+\S+\s+(\S+)/m.exec(read("/proc/self/limits"))?.[1] ?? "0";
  return {
    platform: process.platform,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(read("/proc/self/status"))?.[1] ?? "0"}`),
    nftVersion: nft.failure === "" ? nft.output : undefined,
    ipVersion: ip.failure === "" ? ip.output : undefined,
    featureFailures: failures,
    sysctls: new Map(sysctlNames.map((name) => [name, sysctl(name)])),
    openFiles: files === "unlimited" ? Infinity : Number(files),
  };
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

/** The first line of what a program prints, or why it failed. */
function run(
  command: string,
  args: readonly string[],
  input = "",
): Promise<{ output: string; failure: string }> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: commandTimeoutMs }, (error, stdout, stderr) => {
      const failure = error === null ? "" : firstLine(stderr) || error.message;
      resolve({ output: firstLine(stdout), failure });
    });
    // A program that is missing has no end to write to.
    child.stdin?.on("error", () => undefined).end(input);
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
