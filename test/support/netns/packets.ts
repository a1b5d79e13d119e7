import { randomInt } from "node:crypto";
import { Address4, Address6 } from "ip-address";

/** A packet that no ordinary program sends, or would wait for an answer to. The family is that of its addresses. */
export type Packet = {
  readonly source: string;
  readonly destination: string;
  /** Default 64; of neighbour discovery 255. */
  readonly ttl?: number;
  /** Sent in pieces of 8 bytes (IPv4) or behind a fragment header (IPv6, in pieces of 8 bytes too). */
  readonly inPieces?: true;
} & (
  | { readonly kind: "tcp"; readonly sourcePort: number; readonly port: number; readonly flags?: number }
  | { readonly kind: "udp"; readonly sourcePort: number; readonly port: number }
  /** Body: everything after the checksum, as hexadecimal digits. */
  | { readonly kind: "icmp"; readonly type: number; readonly code?: number; readonly body?: string }
  | { readonly kind: "other"; readonly protocol: number }
);

export const tcpFlag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;
const icmp = { 4: 1, 6: 58 } as const;

/** Returns the bytes of an address: 4 or 16. */
export function addressBytes(text: string): Buffer {
  if (!text.includes(":")) return Buffer.from(text.split(".").map(Number));
  return Buffer.from(new Address6(text).bigInt().toString(16).padStart(32, "0"), "hex");
}

/** Returns the canonical text of an address. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return new Address4([...bytes].join(".")).correctForm();
  return Address6.fromBigInt(BigInt(`0x${bytes.toString("hex")}`)).correctForm();
}

/** Returns the IP packet, or the pieces of it. */
export function ipPackets(packet: Packet): readonly Buffer[] {
  const [source, destination] = [addressBytes(packet.source), addressBytes(packet.destination)];
  const family = source.length === 4 ? 4 : 6;
  const { protocol, body, checksumAt } = payloadOf(packet, family);
  if (checksumAt !== undefined) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const pseudo = Buffer.concat([source, destination, length, Buffer.from([0, 0, 0, protocol])]);
    const isBare = family === 4 && packet.kind === "icmp";
    body.writeUInt16BE(checksum(isBare ? body : Buffer.concat([pseudo, body])), checksumAt);
  }
  const header = { source, destination, protocol, ttl: packet.ttl ?? 64 };
  const pieces = packet.inPieces ? inEights(body) : [body];
  // Pieces of one packet with those of another are no packet: who puts them together throws both away.
  const id = randomInt(1, 0x1_0000);
  return pieces.map((piece, index) => {
    const isLast = index === pieces.length - 1;
    const fragment = packet.inPieces ? { id, offset: index, more: !isLast } : undefined;
    return family === 4 ? ipv4(header, piece, fragment) : ipv6(header, piece, fragment);
  });
}

function payloadOf(
  packet: Packet,
  family: 4 | 6,
): { readonly protocol: number; readonly body: Buffer; readonly checksumAt?: number } {
  switch (packet.kind) {
    case "tcp": {
      const body = ports(packet, 20);
      body.writeUInt32BE(1_000, 4);
      body.writeUInt8(5 << 4, 12);
      body.writeUInt8(packet.flags ?? tcpFlag.syn, 13);
      body.writeUInt16BE(1_024, 14);
      return { protocol: 6, body, checksumAt: 16 };
    }
    case "udp": {
      const body = ports(packet, 16);
      body.writeUInt16BE(16, 4);
      return { protocol: 17, body, checksumAt: 6 };
    }
    case "icmp": {
      const rest = Buffer.from(packet.body ?? "0000000000000000", "hex");
      const body = Buffer.concat([Buffer.from([packet.type, packet.code ?? 0, 0, 0]), rest]);
      return { protocol: icmp[family], body, checksumAt: 2 };
    }
    case "other":
    default:
      return { protocol: packet.protocol, body: Buffer.alloc(16) };
  }
}

function ports({ sourcePort, port }: { sourcePort: number; port: number }, length: number): Buffer {
  const body = Buffer.alloc(length);
  body.writeUInt16BE(sourcePort, 0);
  body.writeUInt16BE(port, 2);
  return body;
}

type Header = {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
  readonly ttl: number;
};
/** Id of the packet that it is of; offset in units of 8 bytes. */
type Fragment = { readonly id: number; readonly offset: number; readonly more: boolean };

function ipv4({ source, destination, protocol, ttl }: Header, body: Buffer, fragment?: Fragment): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + body.length, 2);
  if (fragment) {
    header.writeUInt16BE(fragment.id, 4);
    header.writeUInt16BE((fragment.more ? 0x2000 : 0) | fragment.offset, 6);
  }
  header.writeUInt8(ttl, 8);
  header.writeUInt8(protocol, 9);
  header.set(source, 12);
  header.set(destination, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, body]);
}

function ipv6({ source, destination, protocol, ttl }: Header, body: Buffer, fragment?: Fragment): Buffer {
  const inner = fragment ? Buffer.concat([fragmentHeader(protocol, fragment), body]) : body;
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(inner.length, 4);
  header.writeUInt8(fragment ? 44 : protocol, 6);
  header.writeUInt8(ttl, 7);
  header.set(source, 8);
  header.set(destination, 24);
  return Buffer.concat([header, inner]);
}

function fragmentHeader(protocol: number, { id, offset, more }: Fragment): Buffer {
  const header = Buffer.from([protocol, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(id, 4);
  header.writeUInt16BE((offset << 3) | Number(more), 2);
  return header;
}

function inEights(body: Buffer): readonly Buffer[] {
  return Array.from({ length: Math.ceil(body.length / 8) }, (_, index) =>
    body.subarray(index * 8, index * 8 + 8),
  );
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += at + 1 < bytes.length ? bytes.readUInt16BE(at) : bytes.readUInt8(at) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
