import { isIPv4 } from "node:net";
import { Address4, Address6 } from "ip-address";
import { vpcMark } from "../nft/schema.ts";
import type { Family, Item, Rule } from "./item.ts";

/** A network that is attached, and the addresses that it is answered for there. */
export interface AttachedNetwork {
  readonly number: number;
  readonly device: string;
  readonly cidrs: readonly string[];
  readonly addresses: Iterable<string>;
}

/** The routing table of network n is this and n. */
export const firstTable = 10_000;
export const localTable = 255;

// Rules are scanned one after another, for every packet that starts a flow or leaves: 1,000 of them cost 40 % of the
// connection rate. So they are a tree: one rule sends everything that is no network's on at once, 32 tell groups of
// networks apart, and a group holds a 32nd of them.
const groupBits = 0x1f;
const skipPreference = 10;
const groupPreference = 11;
const memberPreference = 20;
/** The kernel has it at 0; an endpoint's address may be one of the host's own, so networks have to come before it. */
export const localPreference = 100;
const fencePreference = 101;
/** After the host's own tables, and only for what found nothing there. */
const anywherePreference = 32_800;

/**
 * Some way to every consumer. Before the kernel sends a reset for a packet that the rules reject, it looks whether its
 * source can be reached at all, without the mark that would tell where (nf_reject_fill_skb_dst, Linux 5.9 and later), and
 * sends none where it cannot. The reset itself then goes by its mark.
 */
const anywhereTable = 9_999;

/** The half of a mark that is the same in all networks, and without the bit that pokes have. */
const anyNetwork = { value: vpcMark, mask: 0xfffe_0000 } as const;
const families = [4, 6] as const;

/** Returns all routes, rules and proxies that networks need; nothing for none. */
export function routing(networks: readonly AttachedNetwork[]): readonly Item[] {
  if (networks.length === 0) return [];
  const numbers = networks.map(({ number }) => number);
  return [
    ...networks.flatMap(routesOf),
    ...anywhereRoutes(networks),
    ...families.flatMap((family) => rules(family, numbers)),
  ];
}

export function localRule(family: Family, preference: number): Rule {
  return { kind: "rule", family, preference, action: { lookup: localTable } };
}

function rules(family: Family, numbers: readonly number[]): readonly Rule[] {
  const kind = "rule";
  const groups = [...new Set(numbers.map((number) => number & groupBits))];
  return [
    {
      kind,
      family,
      preference: skipPreference,
      mark: anyNetwork,
      isInverted: true,
      action: { goto: localPreference },
    },
    ...groups.map((group) => ({
      kind,
      family,
      preference: groupPreference,
      mark: { value: vpcMark | group, mask: (anyNetwork.mask | groupBits) >>> 0 },
      action: { goto: memberPreference + group },
    })),
    ...numbers.map((number) => ({
      kind,
      family,
      preference: memberPreference + (number & groupBits),
      mark: { value: vpcMark | number, mask: 0xfffe_ffff },
      action: { lookup: firstTable + number },
    })),
    localRule(family, localPreference),
    // What is a network's never leaves by a route of the host's.
    { kind, family, preference: fencePreference, mark: anyNetwork, action: "unreachable" },
    { kind, family, preference: anywherePreference, action: { lookup: anywhereTable } },
  ] as readonly Rule[];
}

function routesOf({ number, device, cidrs, addresses }: AttachedNetwork): readonly Item[] {
  const table = firstTable + number;
  return [
    ...cidrs.map((cidr) => {
      const { family, text } = canonical(cidr);
      return { kind: "route", family, table, isLocal: false, destination: text, device } as const;
    }),
    ...[...addresses].flatMap((address) => addressItems(number, device, address)),
  ];
}

/** Returns what makes the host answer for an address of a network. */
export function addressItems(number: number, device: string, address: string): readonly Item[] {
  const { family, text } = canonical(address);
  const table = firstTable + number;
  const route = { kind: "route", family, table, isLocal: true, destination: text, device: "lo" } as const;
  if (family === 4) return [route];
  return [route, { kind: "proxy", address: text.replace("/128", ""), device }];
}

/** CIDRs that several networks have in common lead to the first of them: any will do. */
function anywhereRoutes(networks: readonly AttachedNetwork[]): readonly Item[] {
  const devices = new Map<string, string>();
  for (const { cidrs, device } of networks) {
    for (const cidr of cidrs) {
      const { text } = canonical(cidr);
      if (!devices.has(text)) devices.set(text, device);
    }
  }
  return [...devices].map(([destination, device]): Item => {
    const { family } = canonical(destination);
    return { kind: "route", family, table: anywhereTable, isLocal: false, destination, device };
  });
}

/** @param text an address or CIDR @throws where it is neither */
export function canonical(text: string): { readonly family: Family; readonly text: string } {
  // Most are plain addresses, of tens of thousands of endpoints: these are canonical as they are.
  if (isIPv4(text)) return { family: 4, text: `${text}/32` };
  const family = text.includes(":") ? 6 : 4;
  const address = family === 6 ? new Address6(text) : new Address4(text);
  return { family, text: `${address.startAddress().correctForm()}/${address.subnetMask}` };
}

/** The highest address of a CIDR that a host may have and that is not in use, with the prefix's length. */
export function lastHost(cidr: string, isUsed: (address: string) => boolean): string | undefined {
  const isV6 = cidr.includes(":");
  const prefix = isV6 ? new Address6(cidr) : new Address4(cidr);
  const first = prefix.startAddress().bigInt();
  const spare = (isV6 ? 128 : 32) - prefix.subnetMask > 1 ? 1n : 0n;
  for (let value = prefix.endAddress().bigInt() - spare; value >= first + spare; value -= 1n) {
    const address = (isV6 ? Address6.fromBigInt(value) : Address4.fromBigInt(value)).correctForm();
    if (!isUsed(address)) return `${address}/${prefix.subnetMask}`;
  }
  return undefined;
}
