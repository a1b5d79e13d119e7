import { addressText } from "./packets.ts";

/** What one frame tells whoever receives it. */
export type Seen = {
  readonly kind: "arp" | "ipv4" | "ipv6" | "other";
  /** Of an ARP frame: who says that the address is his. */
  readonly source: string;
  /** Of an ARP frame: the address that is asked for, or told. */
  readonly destination: string;
  /** 0 where there is none. */
  readonly ttl: number;
  /** IP's number of the protocol inside; of an ARP frame 1 for a request and 2 for an answer. */
  readonly protocol: number;
  /** Of TCP and UDP; else 0. */
  readonly sourcePort: number;
  readonly port: number;
  /** Of TCP; else 0. */
  readonly flags: number;
  /** Of ICMP; else -1. */
  readonly type: number;
  readonly code: number;
  /** Of neighbour discovery: whose link-layer address is asked for, or told; else "". */
  readonly target: string;
};

const nothing: Seen = {
  kind: "other",
  source: "",
  destination: "",
  ttl: 0,
  protocol: 0,
  sourcePort: 0,
  port: 0,
  flags: 0,
  type: -1,
  code: -1,
  target: "",
};
const tcp = 6;
const udp = 17;
const icmps: readonly number[] = [1, 58];
/** Neighbour discovery, RFC 4861: solicitation, advertisement and redirect. */
const withTarget: readonly number[] = [135, 136, 137];

/** Reads an Ethernet frame of whatever length. */
export function readSeen(frame: Buffer): Seen {
  try {
    return readWhole(frame);
  } catch {
    return nothing;
  }
}

function readWhole(frame: Buffer): Seen {
  const packet = frame.subarray(14);
  switch (frame.readUInt16BE(12)) {
    case 0x0806:
      return {
        ...nothing,
        kind: "arp",
        source: addressText(packet.subarray(14, 18)),
        destination: addressText(packet.subarray(24, 28)),
        protocol: packet.readUInt16BE(6),
      };
    case 0x0800:
      return {
        ...inside(packet.readUInt8(9), packet.subarray((packet.readUInt8(0) & 15) * 4)),
        kind: "ipv4",
        source: addressText(packet.subarray(12, 16)),
        destination: addressText(packet.subarray(16, 20)),
        ttl: packet.readUInt8(8),
      };
    case 0x86dd:
      return {
        ...inside(packet.readUInt8(6), packet.subarray(40)),
        kind: "ipv6",
        source: addressText(packet.subarray(8, 24)),
        destination: addressText(packet.subarray(24, 40)),
        ttl: packet.readUInt8(7),
      };
    default:
      return nothing;
  }
}

function inside(protocol: number, body: Buffer): Seen {
  const ports =
    protocol === tcp || protocol === udp
      ? { sourcePort: body.readUInt16BE(0), port: body.readUInt16BE(2) }
      : {};
  const [type, code] = icmps.includes(protocol) ? [body.readUInt8(0), body.readUInt8(1)] : [-1, -1];
  const target = protocol === 58 && withTarget.includes(type) ? addressText(body.subarray(8, 24)) : "";
  const flags = protocol === tcp ? body.readUInt8(13) & 0x3f : 0;
  return { ...nothing, protocol, ...ports, flags, type, code, target };
}
