import { addressBytes } from "../conntrack/conntrack.ts";
import { checksum } from "../checksum.ts";
import { addressText, hardwareText } from "./route-socket.ts";

export const etherType = { arp: 0x0806, ipv6: 0x86dd } as const;
const everybody = Buffer.alloc(6, 0xff);
const solicitation = 135;
const advertisement = 136;
const icmpv6 = 58;

/** Asks who has an address without telling one of one's own: RFC 5227 (ARP), RFC 4862 (neighbour discovery). */
export function probeFrame(address: string, hardware: Buffer): Buffer {
  const target = addressBytes(address);
  if (target.length === 4) return arp(hardware, Buffer.alloc(4), target);
  const group = Buffer.concat([addressBytes("ff02::1:ff00:0").subarray(0, 13), target.subarray(13)]);
  return neighbour(solicitation, 0, { hardware, source: Buffer.alloc(16), destination: group, target });
}

/** Tells everybody that an address is here now. */
export function announcementFrame(address: string, hardware: Buffer): Buffer {
  const target = addressBytes(address);
  if (target.length === 4) return arp(hardware, target, target);
  const destination = addressBytes("ff02::1");
  return neighbour(advertisement, 0x20, { hardware, source: target, destination, target });
}

/** Returns the address that somebody has, or probes for at the same time, and the hardware address; else undefined. */
export function readClaim(
  frame: Buffer,
): { readonly address: string; readonly hardware: string } | undefined {
  if (frame.length < 42) return undefined;
  const type = frame.readUInt16BE(12);
  if (type === etherType.arp) {
    const sender = addressText(frame.subarray(28, 32));
    const hardware = hardwareText(frame.subarray(22, 28));
    return { address: sender === "0.0.0.0" ? addressText(frame.subarray(38, 42)) : sender, hardware };
  }
  const isAnswer = type === etherType.ipv6 && frame.readUInt8(20) === icmpv6 && frame.length >= 78;
  if (!isAnswer) return undefined;
  const kind = frame.readUInt8(54);
  const isProbe = kind === solicitation && frame.subarray(22, 38).every((byte) => byte === 0);
  if (kind !== advertisement && !isProbe) return undefined;
  return { address: addressText(frame.subarray(62, 78)), hardware: hardwareText(frame.subarray(6, 12)) };
}

function arp(hardware: Buffer, sender: Buffer, target: Buffer): Buffer {
  const header = Buffer.from([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]);
  return Buffer.concat([everybody, hardware, header, hardware, sender, Buffer.alloc(6), target]);
}

interface NeighbourMessage {
  readonly hardware: Buffer;
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly target: Buffer;
}

function neighbour(kind: number, flags: number, message: NeighbourMessage): Buffer {
  const { hardware, source, destination, target } = message;
  const isAdvertisement = kind === advertisement;
  const option = isAdvertisement ? Buffer.concat([Buffer.from([2, 1]), hardware]) : Buffer.alloc(0);
  const body = Buffer.concat([Buffer.from([kind, 0, 0, 0, flags, 0, 0, 0]), target, option]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const pseudo = Buffer.concat([source, destination, length, Buffer.from([0, 0, 0, icmpv6])]);
  body.writeUInt16BE(checksum(Buffer.concat([pseudo, body])), 2);
  const group = Buffer.concat([Buffer.from([0x33, 0x33]), destination.subarray(12)]);
  const ipv6 = Buffer.concat([
    Buffer.from([0x60, 0, 0, 0, 0, body.length, icmpv6, 255]),
    source,
    destination,
  ]);
  return Buffer.concat([group, hardware, Buffer.from([0x86, 0xdd]), ipv6, body]);
}
