import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/proc/sys/net";

/** Of the whole host: forwarding, answers by the mark of what they answer, and flows with byte counts and ages. */
const ofHost = [
  ["ipv4/ip_forward", 1],
  ["ipv4/fwmark_reflect", 1],
  ["ipv4/conf/all/send_redirects", 0],
  ["ipv6/conf/all/forwarding", 1],
  ["ipv6/fwmark_reflect", 1],
  ["netfilter/nf_conntrack_acct", 1],
  ["netfilter/nf_conntrack_timestamp", 1],
] as const;

/**
 * Of an interface to a network. Its sources are checked by Postern's rules; the kernel's check looks in the main
 * table, and at the host's own addresses, which a consumer may have too.
 */
const ofDevice = [
  ["ipv4/conf", "rp_filter", 0],
  ["ipv4/conf", "accept_local", 1],
  ["ipv4/conf", "arp_ignore", 0],
  ["ipv4/conf", "arp_filter", 0],
  ["ipv4/conf", "send_redirects", 0],
  ["ipv6/conf", "accept_ra", 0],
  ["ipv6/conf", "forwarding", 1],
  ["ipv6/conf", "proxy_ndp", 1],
  // Else an answer waits for up to 0.8 s.
  ["ipv6/neigh", "proxy_delay", 0],
  // Each packet to a neighbour that is being searched for keeps a flow in the kernel's table: resets to sources that
  // nobody has would fill it. A handful is enough for one who is there.
  ["ipv4/neigh", "unres_qlen_bytes", 4_096],
  ["ipv6/neigh", "unres_qlen_bytes", 4_096],
] as const;

/** The kernel takes the larger one of `all` and the interface's own. */
const combined = ["rp_filter", "arp_ignore", "arp_filter"] as const;

/** Sets what the host needs. Returns what could not be set: as lines that set it. */
export function setHostSysctls(): readonly string[] {
  return [
    ...combined.flatMap(moveToDevices),
    ...keepRouterAdvertisements(),
    ...ofHost.flatMap(([name, value]) => set(name, value)),
  ];
}

/** Sets what an interface needs. Returns what could not be set: as lines that set it. */
export function setDeviceSysctls(device: string): readonly string[] {
  return ofDevice.flatMap(([directory, name, value]) => set(join(directory, device, name), value));
}

/** What holds for all interfaces is made each one's own, so that it can be left out for one of them. */
function moveToDevices(name: string): readonly string[] {
  const directory = "ipv4/conf";
  const common = Number(read(join(directory, "all", name)) ?? 0);
  if (common === 0) return [];
  const others = readdirSync(join(root, directory)).filter((device) => device !== "all");
  const weaker = others.filter((device) => Number(read(join(directory, device, name)) ?? common) < common);
  return [...weaker, "all"].flatMap((device) =>
    set(join(directory, device, name), device === "all" ? 0 : common),
  );
}

/** A host that forwards no longer takes its default route from advertisements, unless it is told to (2). */
function keepRouterAdvertisements(): readonly string[] {
  const directory = "ipv6/conf";
  if (!existsSync(join(root, directory)) || read(join(directory, "all/forwarding")) === "1") return [];
  return readdirSync(join(root, directory))
    .filter((device) => device !== "all" && read(join(directory, device, "accept_ra")) === "1")
    .flatMap((device) => set(join(directory, device, "accept_ra"), 2));
}

function set(name: string, value: number): readonly string[] {
  const now = read(name);
  // A kernel without IPv6 has no part of it to set.
  if (now === String(value) || (now === undefined && name.startsWith("ipv6/"))) return [];
  try {
    writeFileSync(join(root, name), String(value));
    return [];
  } catch {
    return [`sysctl -w net/${name}=${value}`];
  }
}

function read(name: string): string | undefined {
  try {
    return readFileSync(join(root, name), "latin1").trim();
  } catch {
    return undefined;
  }
}
