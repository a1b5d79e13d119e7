import { endpointPort } from "./lone-gateway.ts";
import { addressText, tcpFlag } from "./packets.ts";
import type { Seen } from "./seen.ts";

/** Ports that scans come from; masquerading keeps them. No program of the gateway's host has one of them. */
export const scanPorts = { first: 61_000, last: 63_999 } as const;
const discovery = { solicitation: 135, advertisement: 136 } as const;
const icmpv6 = 58;

/** What a consumer may see of the gateway. */
export type Visible = {
  /** The endpoints of his network. */
  readonly endpoints: readonly string[];
  /** Link-layer address of the gateway's interface. */
  readonly gatewayHardware: string;
};

/**
 * What a consumer was told that he must not be told. TCP from an endpoint's port is his session; a reset is a refusal
 * in the name of whom was asked; neighbour discovery is for endpoints, and for the gateway's link-local address.
 */
export function toldTooMuch(seen: readonly Seen[], { endpoints, gatewayHardware }: Visible): string[] {
  const own = [...endpoints, linkLocal(gatewayHardware)];
  const isFine = (frame: Seen): boolean => {
    if (frame.kind === "arp") return endpoints.includes(frame.source);
    if (isTooBig(frame)) return endpoints.includes(frame.source);
    if (frame.kind === "other" || frame.protocol === icmpv6) return isDiscovery(frame, own);
    if (frame.protocol !== 6 || frame.ttl !== 64) return false;
    const isReset = (frame.flags & tcpFlag.rst) !== 0;
    return isReset || (endpoints.includes(frame.source) && frame.sourcePort === endpointPort);
  };
  return texts("told", seen, isFine);
}

/** What the sender of a packet has to know that a network on the way cannot carry. */
export function isTooBig({ kind, protocol, ttl, type, code }: Seen): boolean {
  if (ttl !== 64) return false;
  return kind === "ipv4" ? protocol === 1 && type === 3 && code === 4 : protocol === icmpv6 && type === 2;
}

function isDiscovery({ kind, protocol, ttl, type, source, target }: Seen, own: readonly string[]): boolean {
  if (kind !== "ipv6" || protocol !== icmpv6 || ttl !== 255) return false;
  // It looks whether nobody has its address before it uses it (RFC 4862, section 5.4).
  if (source === "::") return type === discovery.solicitation && own.includes(target);
  if (!own.includes(source)) return false;
  return type === discovery.solicitation || (type === discovery.advertisement && own.includes(target));
}

/**
 * What came to the servers, or to another consumer, because of a scan.
 * @param sources whose packets may come there
 */
export function cameThrough(where: string, seen: readonly Seen[], sources: readonly string[]): string[] {
  const isFine = (frame: Seen): boolean => {
    const { kind, source, protocol, sourcePort, port, ttl, type } = frame;
    if (kind === "arp" || kind === "other" || isListenerReport(frame)) return true;
    if (protocol === 6 || protocol === 17) {
      if (!sources.includes(source)) return false;
      const isScan = sourcePort >= scanPorts.first && sourcePort <= scanPorts.last;
      const isAnswer = port >= scanPorts.first && port <= scanPorts.last;
      return protocol === 6 && !isScan && !isAnswer;
    }
    return protocol === icmpv6 && ttl === 255 && type >= 133 && type <= 137;
  };
  return texts(`came to ${where}`, seen, isFine);
}

/** Which groups a host of the link listens to: the kernel tells that by itself, and no router passes it on (RFC 3810). */
function isListenerReport({ destination, ttl }: Seen): boolean {
  return destination === "ff02::16" && ttl === 1;
}

function texts(what: string, seen: readonly Seen[], isFine: (frame: Seen) => boolean): string[] {
  const found = seen.filter((frame) => !isFine(frame)).map((frame) => `${what}: ${JSON.stringify(frame)}`);
  return [...new Set(found)];
}

/** RFC 4291, appendix A. */
export function linkLocal(hardware: string): string {
  const bytes = Buffer.from(hardware.replaceAll(":", ""), "hex");
  bytes.writeUInt8(bytes.readUInt8(0) ^ 2, 0);
  const identifier = Buffer.concat([bytes.subarray(0, 3), Buffer.from([0xff, 0xfe]), bytes.subarray(3)]);
  return addressText(Buffer.concat([Buffer.from("fe80000000000000", "hex"), identifier]));
}
