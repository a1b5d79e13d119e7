import { isIPv4 } from "node:net";
import { socketFamily, socketType, SystemCallError, type Descriptor, type Libc } from "../libc.ts";
import { pokeBit, serverPokeMark, vpcMark } from "../nft/schema.ts";
import { addressBytes } from "./conntrack.ts";
import type { Flow, Tuple } from "./flow.ts";

const headerIncluded = 255;
const solSocket = 1;
const markOption = 36;
const tcp = 6;
const ipv4Header = 20;
const ipv6Header = 40;
const tcpHeader = 20;
const acknowledgement = 0x10;
const unreachable: readonly string[] = ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ENOBUFS"];

/**
 * Makes both ends of flows that conntrack has forgotten notice it. Each gets a segment out of sequence that seems to
 * come from the other; it answers with what it expects (RFC 9293, section 3.10.7.4), and as that belongs to no flow,
 * the gateway replies with a reset that the end believes. A reset made up here would not be: nobody but the ends
 * knows their sequence numbers.
 */
export class Poker {
  readonly #libc: Libc;
  readonly #sockets: Readonly<Record<4 | 6, Descriptor>>;
  #isClosed = false;

  private constructor(libc: Libc, sockets: Readonly<Record<4 | 6, Descriptor>>) {
    this.#libc = libc;
    this.#sockets = sockets;
  }

  /** @throws SystemCallError EPERM without CAP_NET_RAW */
  static open(libc: Libc): Poker {
    const open = (family: number): Descriptor => libc.socket(family, socketType.raw, headerIncluded);
    return new Poker(libc, { 4: open(socketFamily.inet), 6: open(socketFamily.inet6) });
  }

  /** An end that cannot be reached any more, as its network is gone, stays as it is. */
  poke({ original, reply, zone }: Flow): void {
    if (this.#isClosed) return;
    this.#send(reversed(original), vpcMark | pokeBit | zone);
    this.#send(reversed(reply), serverPokeMark);
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of Object.values(this.#sockets)) this.#libc.close(socket);
  }

  #send(tuple: Tuple, mark: number): void {
    const socket = this.#sockets[isIPv4(tuple.destination) ? 4 : 6];
    const value = Buffer.alloc(4);
    value.writeUInt32LE(mark >>> 0);
    this.#libc.setOption(socket, solSocket, markOption, value);
    try {
      this.#libc.sendTo(socket, segment(tuple), socketAddress(tuple.destination));
    } catch (error) {
      if (!(error instanceof SystemCallError && unreachable.includes(error.code))) throw error;
    }
  }
}

function reversed({ source, destination, sourcePort, destinationPort }: Tuple): Tuple {
  return {
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

/** An IP packet with a bare acknowledgement whose numbers are far from any real ones. */
function segment(tuple: Tuple): Buffer {
  const [source, destination] = [addressBytes(tuple.source), addressBytes(tuple.destination)];
  const header = source.length === 4 ? ipv4(source, destination) : ipv6(source, destination);
  const body = Buffer.alloc(tcpHeader);
  body.writeUInt16BE(tuple.sourcePort, 0);
  body.writeUInt16BE(tuple.destinationPort, 2);
  body.writeUInt32BE(1, 4);
  body.writeUInt32BE(1, 8);
  body.writeUInt8((tcpHeader / 4) << 4, 12);
  body.writeUInt8(acknowledgement, 13);
  body.writeUInt16BE(1_024, 14);
  const pseudo = Buffer.concat([source, destination, Buffer.from([0, tcp, 0, tcpHeader])]);
  body.writeUInt16BE(checksum(Buffer.concat([pseudo, body])), 16);
  return Buffer.concat([header, body]);
}

function ipv4(source: Buffer, destination: Buffer): Buffer {
  const header = Buffer.alloc(ipv4Header);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(ipv4Header + tcpHeader, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(tcp, 9);
  header.set(source, 12);
  header.set(destination, 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

function ipv6(source: Buffer, destination: Buffer): Buffer {
  const header = Buffer.alloc(ipv6Header);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(tcpHeader, 4);
  header.writeUInt8(tcp, 6);
  header.writeUInt8(64, 7);
  header.set(source, 8);
  header.set(destination, 24);
  return header;
}

/** RFC 1071. @param bytes an even number of them */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A sockaddr_in or sockaddr_in6. */
function socketAddress(address: string): Buffer {
  const bytes = addressBytes(address);
  const isV4 = bytes.length === 4;
  const result = Buffer.alloc(isV4 ? 16 : 28);
  result.writeUInt16LE(isV4 ? socketFamily.inet : socketFamily.inet6, 0);
  result.set(bytes, isV4 ? 4 : 8);
  return result;
}
