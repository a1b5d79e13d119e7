import type { RefusalReason } from "../../../domain/refusal.ts";

/** The only tables of the host that Postern ever touches. */
export const tableName = "postern";

/** nfnetlink's numbers of the two families (uapi/linux/netfilter.h). */
export const tableFamily = { inet: 1, arp: 3 } as const;
export type TableFamily = keyof typeof tableFamily;

/**
 * Kinds of values that keys and data are put together from, in nft's words. `mark`, `priority` and `number` have the
 * machine's byte order, the others the network's; each takes a multiple of four bytes.
 */
export type Field =
  | "mark"
  | "priority"
  | "number"
  | "ipv4_addr"
  | "ipv6_addr"
  | "inet_service"
  | "ifname"
  | "zone";

/** What an element keeps besides its key. */
export type ElementState = "counter" | "cap" | "credit" | "packet rate" | "byte rate" | "newcomer rate";

export interface SetSchema {
  readonly family: TableFamily;
  readonly key: readonly Field[];
  /** A map, to these fields, or to a chain of the schema. */
  readonly data?: readonly Field[] | "verdict";
  /** The last field of the key is a range of addresses. */
  readonly interval?: true;
  readonly state?: ElementState;
  /**
   * Most elements. The kernel then has a table of so many buckets, which it looks up in half the time: for what every
   * packet is looked up in. Without it the table grows with its elements.
   */
  readonly size?: number;
  /** The rules themselves add elements: where there is none, nothing was counted yet. */
  readonly isDynamic?: true;
}

/** Most networks of a gateway. */
const mostNetworks = 4_096;
/** Most endpoints of a gateway. */
export const mostEndpoints = 131_072;

/**
 * Marks of packets on the consumers' side: this and the number of the VPC (1 to 65,535). The upper half keeps them
 * apart from marks that other programs use.
 */
export const vpcMark = 0x5044_0000;
/** Beside a VPC's mark: a segment that the gateway made up itself, to provoke a reset. Routed alike, never tracked. */
export const pokeBit = 0x0001_0000;
/** Mark of such segments to the servers' side: no VPC's, so that they go where the host sends everything. */
export const serverPokeMark = 0x5046_0000;

/**
 * Where this host takes sessions of IPv6 consumers whose nodes have IPv4 only, to connect to those itself. An address
 * that is no network's (RFC 4193), the same on every gateway: no packet with it ever leaves.
 */
export const relayAddress = "fd50:6f73:7465:726e::1";

/** Where names are asked for. */
export const namePort = 53;

/** Buckets that the new sessions of a node group are dealt to, one after another; nodes share them out evenly. */
export const bucketsPerGroup = 60;

const counted = { family: "inet", key: ["mark"], state: "counter" } as const satisfies SetSchema;

/** Most endpoints never refuse anybody, and a counter takes the kernel longer to make than all else of an endpoint. */
const refused = { ...counted, size: mostEndpoints, isDynamic: true } as const satisfies SetSchema;

/** Refused sources that are told apart, of each family. They are listed whole, which has to be quick. */
export const mostRefusedSources = 8_192;
const refusedSources = { ...counted, size: mostRefusedSources, isDynamic: true } as const;

/** Most addresses of nodes that traffic is counted of, of each family. They are listed whole, which has to be quick. */
export const mostCountedNodes = 16_384;
const counted4 = {
  family: "inet",
  key: ["ipv4_addr", "inet_service"],
  state: "counter",
  size: mostCountedNodes,
} as const satisfies SetSchema;
const counted6 = { ...counted4, key: ["ipv6_addr", "inet_service"] } as const satisfies SetSchema;

/** Everything that changes while the gateway runs: elements of these sets and maps, and nothing else. */
export const sets = {
  // One element an attachment.
  vpc_of_interface: { family: "inet", key: ["ifname"], data: ["mark"], size: mostNetworks },
  zone_of_interface: { family: "inet", key: ["ifname"], data: ["zone"] },
  prefixes4: { family: "inet", key: ["mark", "ipv4_addr"], interval: true },
  prefixes6: { family: "inet", key: ["mark", "ipv6_addr"], interval: true },
  // Only of networks that have more flows than their share.
  crowded: { family: "inet", key: ["mark"] },
  arp_vpc_of_interface: { family: "arp", key: ["ifname"], data: ["mark"] },
  arp_sender_of_interface: { family: "arp", key: ["ifname"], data: ["ipv4_addr"] },
  // One element a network that names are served in.
  resolver4: { family: "inet", key: ["mark", "ipv4_addr"] },
  resolver6: { family: "inet", key: ["mark", "ipv6_addr"] },
  // One element an IPv4 address of an endpoint, or of a network's names.
  arp_announced: { family: "arp", key: ["ifname", "ipv4_addr"] },
  // One element an endpoint, or an endpoint's port.
  zone_of_address4: { family: "inet", key: ["ifname", "ipv4_addr", "inet_service"], data: ["zone"] },
  zone_of_address6: { family: "inet", key: ["ifname", "ipv6_addr", "inet_service"], data: ["zone"] },
  endpoint4: { family: "inet", key: ["mark", "ipv4_addr", "inet_service"], data: ["mark"] },
  endpoint6: { family: "inet", key: ["mark", "ipv6_addr", "inet_service"], data: ["mark"] },
  vpc_of_endpoint: { family: "inet", key: ["mark"], data: ["mark"], size: mostEndpoints },
  group_of_port: { family: "inet", key: ["mark", "inet_service"], data: ["priority"] },
  // Only of endpoints that have the thing.
  gate: { family: "inet", key: ["mark"], data: "verdict" },
  sourced: { family: "inet", key: ["mark"] },
  sources4: { family: "inet", key: ["mark", "ipv4_addr"], interval: true },
  sources6: { family: "inet", key: ["mark", "ipv6_addr"], interval: true },
  nodeless: { family: "inet", key: ["mark"] },
  cap: { family: "inet", key: ["mark"], state: "cap" },
  credit: { family: "inet", key: ["mark"], state: "credit" },
  connection_rate: { family: "inet", key: ["mark"], state: "packet rate" },
  bandwidth: { family: "inet", key: ["mark"], state: "byte rate", size: mostEndpoints },
  // Counters.
  opened: counted,
  bytes_in: { ...counted, size: mostEndpoints },
  bytes_out: { ...counted, size: mostEndpoints },
  refused_not_accepted: refused,
  refused_not_whitelisted: refused,
  refused_source_not_allowed: refused,
  refused_session_cap: refused,
  refused_no_healthy_node: refused,
  refused_service_closed: refused,
  refused_connection_rate: refused,
  // Who was refused, by endpoint, reason (its place in the list of reasons) and source; and all for whom there is no room.
  refused_source4: { ...refusedSources, key: ["mark", "priority", "ipv4_addr"] },
  refused_source6: { ...refusedSources, key: ["mark", "priority", "ipv6_addr"] },
  refused_others: { ...refusedSources, key: ["mark", "priority"] },
  // How many more sources of an endpoint are told apart: none may fill the sets alone.
  newcomers: { family: "inet", key: ["mark"], state: "newcomer rate", size: mostEndpoints, isDynamic: true },
  // What came to nodes and from them: one element an address.
  opened_node4: counted4,
  opened_node6: counted6,
  into_node4: counted4,
  into_node6: counted6,
  out_of_node4: counted4,
  out_of_node6: counted6,
  // One element a node group's bucket.
  node4: { family: "inet", key: ["priority", "number"], data: ["ipv4_addr", "inet_service"] },
  node6: { family: "inet", key: ["priority", "number"], data: ["ipv6_addr", "inet_service"] },
} as const satisfies Record<string, SetSchema>;

export type SetName = keyof typeof sets;
export const setNames = Object.keys(sets) as SetName[];

/** Whether the rules themselves add elements to a set. */
export function isDynamic(set: SetName): boolean {
  return "isDynamic" in sets[set];
}

/** Names in the kernel have no family: a table is of one. */
export function kernelName(set: SetName): string {
  return set.startsWith("arp_") ? set.slice("arp_".length) : set;
}

/** The set that counts an endpoint's refusals of a kind. */
export function refusalCounter(reason: RefusalReason): Extract<SetName, `refused_${RefusalReason}`> {
  return `refused_${reason}`;
}

/** The sets that refused sources are counted in. */
export const refusalSourceSets = ["refused_source4", "refused_source6", "refused_others"] as const;

/** The sets that count what nodes carry, by family. */
export const nodeCounterSets = {
  opened: { 4: "opened_node4", 6: "opened_node6" },
  into: { 4: "into_node4", 6: "into_node6" },
  outOf: { 4: "out_of_node4", 6: "out_of_node6" },
} as const;

/** Whether others than the plan of endpoints, networks and nodes say what is in a set. */
export function isOfOthers(set: SetName): boolean {
  const counters = Object.values(nodeCounterSets).flatMap((families): SetName[] => Object.values(families));
  return set === "cap" || set === "credit" || set === "crowded" || counters.includes(set);
}

/** The chain that refuses a connection for a reason, counting it. */
export function refusalChain(reason: RefusalReason): string {
  return `refuse_${reason}`;
}
