import { socketFamily, socketType, SystemCallError, type Descriptor, type Libc } from "../libc.ts";
import { pokeBit, serverPokeMark, vpcMark } from "../nft/schema.ts";
import { destinationOf, type Poke } from "./segment.ts";

const headerIncluded = 255;
const solSocket = 1;
const markOption = 36;
const unreachable: readonly string[] = ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ENOBUFS"];

/**
 * Makes both ends of flows that conntrack has forgotten notice it. Each gets a segment out of sequence that seems to
 * come from the other; it answers with what it expects (RFC 9293, section 3.10.7.4), and as that belongs to no flow,
 * the gateway replies with a reset that the end believes. A reset made up here would not be: nobody but the ends
 * knows their sequence numbers.
 */
export class Poker {
  readonly #libc: Libc;
  readonly #sockets: Readonly<Record<4 | 6, Outlet>>;
  #isClosed = false;

  private constructor(libc: Libc, sockets: Readonly<Record<4 | 6, Outlet>>) {
    this.#libc = libc;
    this.#sockets = sockets;
  }

  /** @throws SystemCallError EPERM without CAP_NET_RAW */
  static open(libc: Libc): Poker {
    const open = (family: number): Descriptor => libc.socket(family, socketType.raw, headerIncluded);
    return new Poker(libc, {
      4: { socket: open(socketFamily.inet), address: socketAddress(16, socketFamily.inet), mark: 0 },
      6: { socket: open(socketFamily.inet6), address: socketAddress(28, socketFamily.inet6), mark: 0 },
    });
  }

  /**
   * Sends the segments of some flows; fastest where those of a VPC are together. An end that cannot be reached any
   * more, as its network is gone, stays as it is.
   */
  poke(pokes: readonly Poke[]): void {
    if (this.#isClosed) return;
    for (const { family, zone, toConsumer } of pokes)
      this.#send(family, toConsumer, vpcMark | pokeBit | zone);
    for (const { family, toNode } of pokes) this.#send(family, toNode, serverPokeMark);
  }

  close(): void {
    this.#isClosed = true;
    for (const { socket } of Object.values(this.#sockets)) this.#libc.close(socket);
  }

  #send(family: 4 | 6, packet: Buffer, mark: number): void {
    const outlet = this.#sockets[family];
    const { socket, address } = outlet;
    if (outlet.mark !== mark) {
      const value = Buffer.alloc(4);
      value.writeUInt32LE(mark >>> 0);
      this.#libc.setOption(socket, solSocket, markOption, value);
      outlet.mark = mark;
    }
    address.set(destinationOf(packet), family === 4 ? 4 : 8);
    try {
      this.#libc.sendTo(socket, packet, address);
    } catch (error) {
      if (!(error instanceof SystemCallError && unreachable.includes(error.code))) throw error;
    }
  }
}

/** A raw socket, the address that it sends to next, and the mark that what it sends has. */
interface Outlet {
  readonly socket: Descriptor;
  readonly address: Buffer;
  mark: number;
}

function socketAddress(length: number, family: number): Buffer {
  const address = Buffer.alloc(length);
  address.writeUInt16LE(family, 0);
  return address;
}
