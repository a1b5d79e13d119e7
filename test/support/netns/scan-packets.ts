import { scanPorts } from "./breaches.ts";
import { addresses } from "./dual-lab.ts";
import { endpointPort } from "./lone-gateway.ts";
import { ipPackets, tcpFlag } from "./packets.ts";
import type { Packet } from "./packets.ts";

type Segment = Extract<Packet, { kind: "tcp" }>;
export type Family = 4 | 6;

const icmpTypes = {
  4: { echo: 8, timestamp: 13, mask: 17, information: 15, redirect: 5 },
  6: { echo: 128, nodeInformation: 139, redirect: 137, routerSolicitation: 133, routerAdvertisement: 134 },
} as const;
const groupQuery = 130;

function of<Value>(family: Family, pair: readonly [Value, Value]): Value {
  return pair[family === 4 ? 0 : 1];
}

let used = 0;
/** No two packets of a scan are of one flow. */
function nextPort(): number {
  used += 1;
  return scanPorts.first + (used % (scanPorts.last - scanPorts.first));
}

let admitted = 0;
/** A source port of an attempt that has to succeed: none of a scan's, nor of a sentinel's. */
export function nextAdmittedPort(): number {
  admitted += 1;
  return 65_000 + (admitted % 500);
}

/** An attempt to connect, from the consumer's own address. */
export function syn(destination: string, port: number, more: Partial<Segment> = {}): Segment {
  const source = of(destination.includes(":") ? 6 : 4, addresses.consumer);
  return { kind: "tcp", source, destination, sourcePort: nextPort(), port, ...more };
}

/** Attempts to connect to all TCP ports of an endpoint but its own. */
export function allPorts(destination: string): readonly Segment[] {
  return Array.from({ length: 65_535 }, (_, index) => index + 1)
    .filter((port) => port !== endpointPort)
    .map((port) => syn(destination, port));
}

/** Everybody who could be there: but no endpoint of the consumer's network. */
export function strangers(family: Family, ofGateway: readonly string[]): readonly string[] {
  const known = [addresses.gateway, addresses.logs, addresses.metrics].map((pair) => of(family, pair));
  const special =
    family === 4
      ? ["127.0.0.1", "127.0.0.2", "10.0.0.1", "10.0.0.254", "192.0.2.1", "169.254.169.254"]
      : ["::1", "fd00::1", "fd00:8::1", "2001:db8::1", "::ffff:10.0.0.11", "fe80::1"];
  const own = ofGateway.filter((address) => address.includes(":") === (family === 6));
  return [...new Set([...known, ...special, ...own])];
}

/** Addresses of many hosts: nobody refuses what is sent there. */
export function groups(family: Family): readonly string[] {
  return family === 4
    ? ["224.0.0.1", "224.0.0.2", "224.0.0.251", "239.255.255.250", "255.255.255.255", "10.0.0.255"]
    : ["ff02::1", "ff02::2", "ff02::16", "ff02::fb", "ff05::1", "ff02::1:ff00:40", "ff02::1:ff00:2"];
}

/** Whatever is not TCP. */
export function datagrams(destination: string): readonly Packet[] {
  const family = destination.includes(":") ? 6 : 4;
  const source = of(family, addresses.consumer);
  const to = { source, destination } as const;
  return [
    ...[22, 53, 67, 123, 161, 500, 4789, endpointPort, 33_434].map((port): Packet => ({
      ...to,
      kind: "udp",
      sourcePort: nextPort(),
      port,
    })),
    ...Object.values(icmpTypes[family])
      .filter((type) => type !== icmpTypes[6].redirect)
      .map((type): Packet => ({
        ...to,
        kind: "icmp",
        type,
        body: "0001000100000000000000000000000000000000",
      })),
    // IGMP, IPIP, IPv6 in IP, GRE, ESP, OSPF, SCTP, UDP-Lite
    ...[2, 4, 41, 47, 50, 89, 132, 136].map((protocol): Packet => ({ ...to, kind: "other", protocol })),
  ];
}

/** Attempts to connect to an endpoint that would expire on their way through a gateway that is a router. */
export function shortLived(family: Family): readonly Segment[] {
  const endpoint = of(family, addresses.endpoint);
  return [1, 2].map((ttl) => syn(endpoint, endpointPort, { ttl, sourcePort: nextAdmittedPort() }));
}

/** As traceroute does, in all its ways but the one that an endpoint answers. */
export function traceroute(destination: string): readonly Packet[] {
  const packets: readonly Packet[] = [
    syn(destination, 80),
    syn(destination, endpointPort, { flags: tcpFlag.ack }),
    ...datagrams(destination),
  ];
  return packets.flatMap((packet) => [1, 2].map((ttl) => ({ ...packet, ttl })));
}

/** Attempts to connect to an endpoint that say they come from elsewhere. */
export function spoofed(family: Family): readonly Segment[] {
  const sources =
    family === 4
      ? ["0.0.0.0", "127.0.0.1", "192.0.2.7", "8.8.8.8", "10.0.1.50", "224.0.0.1", "255.255.255.255"]
      : ["::", "::1", "2001:db8::7", "fd00:8::11", "fe80::7", "ff02::1", "::ffff:10.0.0.50"];
  return sources.map((source) => syn(of(family, addresses.endpoint), endpointPort, { source }));
}

/** Segments that begin nothing: of sessions that are no more, or never were. */
export function midstream(family: Family): readonly Segment[] {
  const { ack, fin, syn: begin } = tcpFlag;
  return [ack, ack | fin, begin | ack].map((flags) =>
    syn(of(family, addresses.endpoint), endpointPort, { flags }),
  );
}

/** In pieces so small that the ports are not in the one with the rest of the header. */
export function fragments(family: Family, to: readonly string[]): readonly Packet[] {
  return [of(family, addresses.endpoint), ...to].flatMap((destination) => [
    { ...syn(destination, 80), inPieces: true } as const,
    ...datagrams(destination).map((packet) => ({ ...packet, inPieces: true }) as const),
  ]);
}

/** Errors about a segment that the gateway sent to a node, by a router on the way, and by the node itself. */
export function errorsAbout(family: Family, sourcePort: number): readonly Packet[] {
  const [from, to] = [of(family, addresses.gateway), of(family, addresses.logs)];
  const about = { kind: "tcp", source: from, destination: to, sourcePort, port: endpointPort } as const;
  const body = `00000500${Buffer.concat(ipPackets(about)).toString("hex")}`;
  const types =
    family === 4
      ? [
          [3, 0],
          [3, 1],
          [3, 3],
          [3, 4],
          [3, 13],
          [11, 0],
          [12, 0],
        ]
      : [
          [1, 0],
          [1, 1],
          [1, 4],
          [2, 0],
          [3, 0],
          [4, 0],
        ];
  const routers = [to, of(family, ["10.0.0.77", "fd00::77"])];
  return routers.flatMap((source) =>
    types.map(([type = 0, code = 0]): Packet => ({
      kind: "icmp",
      source,
      destination: from,
      type,
      code,
      body,
    })),
  );
}

/** What routers say, and ask for: a consumer is none. */
export function routerTalk(gatewayLinkLocal: string): readonly Packet[] {
  const source = "fe80::bad";
  const types = icmpTypes[6];
  const group = { kind: "icmp", source, ttl: 255 } as const;
  return [
    { ...group, destination: "ff02::1", type: types.routerAdvertisement, body: advertisement },
    { ...group, destination: gatewayLinkLocal, type: types.routerAdvertisement, body: advertisement },
    { ...group, destination: "ff02::2", type: types.routerSolicitation, body: "00000000" },
    { ...group, destination: gatewayLinkLocal, type: types.redirect, body: redirect6 },
    { ...group, destination: "ff02::1", ttl: 1, type: groupQuery, body: "00".repeat(20) },
    {
      kind: "icmp",
      source: addresses.consumer[0],
      destination: addresses.endpoint[0],
      type: icmpTypes[4].redirect,
      body: redirect4,
    },
  ];
}

/** A router for half an hour, and the prefix fd00:bad::/64 (RFC 4861, section 4.2). */
const advertisement = [
  "400007080000000000000000",
  "030440c0ffffffffffffffff00000000fd000bad000000000000000000000000",
].join("");
/** The node's address is to be sent to a stranger (RFC 4861, section 4.5). */
const redirect6 = "00000000fe800000000000000000000000000badfd000000000000000000000000000011";
/** The same to the consumer (RFC 792). */
const redirect4 = "0a0000324500002800000000400600000a0000320a00000b0000000000000000";
