import { isIPv4 } from "node:net";
import type { DesiredNode } from "../../domain/desired.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import { weightedTurns } from "../weighted-turns.ts";
import { addressRange, disjoint } from "./address-range.ts";
import type { Element } from "./nft/element.ts";
import { bucketsPerGroup, refusalChain, relayAddress, vpcMark, type SetName } from "./nft/schema.ts";

/** One element and where it goes. */
export interface Entry {
  readonly set: SetName;
  readonly element: Element;
}

/** A network whose interface is there. */
export interface KernelNetwork {
  readonly number: number;
  readonly device: string;
  readonly cidrs: readonly string[];
  /** An address that the gateway may ask for neighbours with: one of its endpoints', or its name server's. */
  readonly sender?: string;
  /** The address that names are served at. */
  readonly resolver?: string;
}

/** What the kernel is told of one endpoint. */
export interface KernelEndpoint {
  readonly number: number;
  readonly network: number;
  readonly device: string;
  /** IPv4 or IPv6. */
  readonly addresses: readonly string[];
  /** The ports that it has, each with the number of the node group that it leads to. */
  readonly ports: readonly { readonly port: number; readonly group: number }[];
  readonly refusal: RefusalReason | null;
  readonly sources?: readonly string[];
  readonly hasNodes: boolean;
  readonly connectionRate?: number;
  readonly byteRate?: number;
}

/** Nodes that share new sessions out. Their hosts are addresses. */
export interface NodeGroup {
  readonly number: number;
  readonly nodes: readonly DesiredNode[];
  /** Where the relay takes sessions for them that come by IPv6, as the nodes have IPv4 only. */
  readonly relayPort?: number;
}

const counters: readonly SetName[] = ["opened", "bytes_in", "bytes_out"];

/** Returns the elements of a network. */
export function networkEntries({ number, device, cidrs, sender, resolver }: KernelNetwork): readonly Entry[] {
  const mark = vpcMark | number;
  return [
    entry("vpc_of_interface", { key: [device], data: [mark] }),
    entry("zone_of_interface", { key: [device], data: [number] }),
    entry("arp_vpc_of_interface", { key: [device], data: [mark] }),
    ...(sender === undefined ? [] : [entry("arp_sender_of_interface", { key: [device], data: [sender] })]),
    ...(resolver === undefined ? [] : resolverEntries(device, mark, resolver)),
    ...ranges(["prefixes4", "prefixes6"], mark, cidrs),
  ];
}

function resolverEntries(device: string, mark: number, address: string): readonly Entry[] {
  if (!isIPv4(address)) return [entry("resolver6", { key: [mark, address] })];
  return [entry("resolver4", { key: [mark, address] }), entry("arp_announced", { key: [device, address] })];
}

/** Returns the elements of an endpoint, but for its cap, which depends on the sessions that are there. */
export function endpointEntries(endpoint: KernelEndpoint): readonly Entry[] {
  const { number } = endpoint;
  const mark = vpcMark | endpoint.network;
  return [
    entry("vpc_of_endpoint", { key: [number], data: [mark] }),
    ...counters.map((set) => entry(set, { key: [number] })),
    ...endpoint.addresses.flatMap((address) => addressEntries(endpoint, mark, address)),
    ...endpoint.ports.map(({ port, group }) =>
      entry("group_of_port", { key: [number, port], data: [group] }),
    ),
    ...gateEntries(endpoint),
    ...rateEntries(endpoint),
  ];
}

/**
 * Returns the element that lets so many more sessions of an endpoint in; 0 lets nobody in.
 * @param wanted most sessions that the endpoint may have, for the next gateway process to know
 */
export function capEntry(number: number, admits: number, wanted: number): Entry {
  return entry("cap", { key: [number], cap: admits, comment: String(wanted) });
}

/**
 * Returns the element that lets so many sessions of an endpoint in, at a cost that does not grow with those held.
 * @param credits from 1
 * @param wanted most sessions that the endpoint may have, for the next gateway process to know
 * @param bound most sessions that will have been counted as opened when the credits are used up; likewise
 */
export function creditEntry(number: number, credits: number, wanted: number, bound: number): Entry {
  return entry("credit", { key: [number], credits, comment: `${wanted} ${bound}` });
}

/** Returns the elements of a group: its nodes take turns, each with as many of the buckets as its weight says. */
export function groupEntries({ number, nodes, relayPort }: NodeGroup): readonly Entry[] {
  const relay = relayPort === undefined ? [] : [{ host: relayAddress, port: relayPort }];
  return [
    ...bucketEntries(
      "node4",
      number,
      nodes.filter(({ host }) => isIPv4(host)),
    ),
    ...bucketEntries("node6", number, [...nodes.filter(({ host }) => !isIPv4(host)), ...relay]),
  ];
}

function bucketEntries(set: SetName, group: number, nodes: readonly DesiredNode[]): readonly Entry[] {
  if (nodes.length === 0) return [];
  return weightedTurns(nodes, bucketsPerGroup).map(({ host, port }, bucket) =>
    entry(set, { key: [group, bucket], data: [host, port] }),
  );
}

function addressEntries(endpoint: KernelEndpoint, mark: number, address: string): readonly Entry[] {
  const isV4 = isIPv4(address);
  return [
    ...endpoint.ports.map(({ port }) =>
      entry(isV4 ? "endpoint4" : "endpoint6", { key: [mark, address, port], data: [endpoint.number] }),
    ),
    ...endpoint.ports.map(({ port }) =>
      entry(isV4 ? "zone_of_address4" : "zone_of_address6", {
        key: [endpoint.device, address, port],
        data: [endpoint.network],
      }),
    ),
    ...(isV4 ? [entry("arp_announced", { key: [endpoint.device, address] })] : []),
  ];
}

function gateEntries(endpoint: KernelEndpoint): readonly Entry[] {
  const { number, refusal, sources, hasNodes } = endpoint;
  return [
    ...(refusal === null ? [] : [entry("gate", { key: [number], chain: refusalChain(refusal) })]),
    ...(sources === undefined
      ? []
      : [entry("sourced", { key: [number] }), ...ranges(["sources4", "sources6"], number, sources)]),
    ...(hasNodes ? [] : [entry("nodeless", { key: [number] })]),
  ];
}

/** Not a byte of an endpoint that refuses passes from the moment on that the rules know of it, whatever is still open. */
const nothing = { perSecond: 1, burst: 1 };

function rateEntries({ number, refusal, connectionRate, byteRate }: KernelEndpoint): readonly Entry[] {
  if (refusal !== null) return [entry("bandwidth", { key: [number], rate: nothing })];
  return [
    ...(connectionRate === undefined
      ? []
      : [entry("connection_rate", { key: [number], rate: oneSecondOf(connectionRate) })]),
    ...(byteRate === undefined ? [] : [entry("bandwidth", { key: [number], rate: oneSecondOf(byteRate) })]),
  ];
}

/** A burst of as much as a second brings, so that an endpoint that was quiet gets what it may. */
function oneSecondOf(perSecond: number): { perSecond: number; burst: number } {
  return { perSecond, burst: perSecond };
}

/** Interval sets refuse ranges that overlap, so only those are given that are in no other. */
function ranges(
  [set4, set6]: readonly [SetName, SetName],
  mark: number,
  cidrs: readonly string[],
): readonly Entry[] {
  return disjoint(cidrs.map(addressRange)).map(({ first, last }) =>
    entry(isIPv4(first) ? set4 : set6, { key: [mark, first], last }),
  );
}

function entry(set: SetName, element: Element): Entry {
  return { set, element };
}
