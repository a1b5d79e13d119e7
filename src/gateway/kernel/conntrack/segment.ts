import { checksum } from "../checksum.ts";
import { findNested } from "../netlink/attributes.ts";
import { relayAddress } from "../nft/schema.ts";
import { addressBytes } from "./conntrack.ts";

const tcp = 6;
const ipv4Header = 20;
const ipv6Header = 40;
const tcpHeader = 20;
const acknowledgement = 0x10;
const window = 1_024;

// uapi/linux/netfilter/nfnetlink_conntrack.h: paths from a tuple on.
const originalTuple = 1;
const replyTuple = 2;
const addresses = { 4: [1, 1], 6: [1, 3] } as const;
const destinations = { 4: [1, 2], 6: [1, 4] } as const;
const sourcePort = [2, 2] as const;
const destinationPort = [2, 3] as const;
const zonePath = [originalTuple, 3] as const;

/** What makes both ends of one flow notice that it is no more: a segment for each. */
export interface Poke {
  readonly family: 4 | 6;
  /** The number of the consumer's VPC. */
  readonly zone: number;
  /** A whole IP packet, that seems to come from the endpoint. */
  readonly toConsumer: Buffer;
  /** The same, from the gateway. */
  readonly toNode: Buffer;
}

/**
 * Makes the segments for a flow: bare acknowledgements, whose numbers are far from any real ones.
 * @param attributes those of a ctnetlink message
 * @returns undefined for what is no TCP flow
 */
export function readPoke(attributes: Buffer): Poke | undefined {
  const toConsumer = answer(attributes, originalTuple);
  const toNode = answer(attributes, replyTuple);
  const zone = findNested(attributes, zonePath, 0, attributes.length);
  if (!toConsumer || !toNode) return undefined;
  return {
    family: familyOf(toConsumer),
    zone: zone < 0 ? 0 : attributes.readUInt16BE(zone + 4),
    toConsumer,
    toNode,
  };
}

/** Where a packet goes to, as a sockaddr_in or sockaddr_in6 has it. */
export function destinationOf(packet: Buffer): Buffer {
  return familyOf(packet) === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
}

const relayBytes = addressBytes(relayAddress);

/** Returns the port that the relay knows a flow by, or undefined where its node is another. @param toNode of a poke */
export function relayPeerOf(toNode: Buffer): number | undefined {
  if (familyOf(toNode) !== 6 || !destinationOf(toNode).equals(relayBytes)) return undefined;
  return toNode.readUInt16BE(ipv6Header);
}

function familyOf(packet: Buffer): 4 | 6 {
  return packet.readUInt8(0) >>> 4 === 4 ? 4 : 6;
}

/** Returns a packet the other way, for who sends those of a tuple. */
function answer(attributes: Buffer, tuple: number): Buffer | undefined {
  const at = (path: readonly number[]): number =>
    findNested(attributes, [tuple, ...path], 0, attributes.length);
  const family = at(addresses[4]) >= 0 ? 4 : 6;
  const [source, destination] = [at(addresses[family]), at(destinations[family])];
  const [from, to] = [at(sourcePort), at(destinationPort)];
  if (source < 0 || destination < 0 || from < 0 || to < 0) return undefined;
  const length = family === 4 ? 4 : 16;
  const header = family === 4 ? ipv4Header : ipv6Header;
  const packet = Buffer.alloc(header + tcpHeader);
  // The addresses end either header, the source first.
  attributes.copy(packet, header - 2 * length, destination + 4, destination + 4 + length);
  attributes.copy(packet, header - length, source + 4, source + 4 + length);
  attributes.copy(packet, header, to + 4, to + 6);
  attributes.copy(packet, header + 2, from + 4, from + 6);
  writeTcp(packet, header, length);
  if (family === 4) writeIpv4(packet);
  else writeIpv6(packet);
  return packet;
}

/** Needs the addresses and ports to be there. @param length of an address */
function writeTcp(packet: Buffer, at: number, length: number): void {
  packet.writeUInt32BE(1, at + 4);
  packet.writeUInt32BE(1, at + 8);
  packet.writeUInt8((tcpHeader / 4) << 4, at + 12);
  packet.writeUInt8(acknowledgement, at + 13);
  packet.writeUInt16BE(window, at + 14);
  // The pseudo header: what ends the real one, its length, its protocol.
  const pseudo = tcpHeader + tcp;
  packet.writeUInt16BE(checksum(packet.subarray(at - 2 * length), pseudo), at + 16);
}

function writeIpv4(packet: Buffer): void {
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(64, 8);
  packet.writeUInt8(tcp, 9);
  packet.writeUInt16BE(checksum(packet.subarray(0, ipv4Header)), 10);
}

function writeIpv6(packet: Buffer): void {
  packet.writeUInt8(0x60, 0);
  packet.writeUInt16BE(tcpHeader, 4);
  packet.writeUInt8(tcp, 6);
  packet.writeUInt8(64, 7);
}
