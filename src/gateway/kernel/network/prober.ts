import { isIPv6 } from "node:net";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { SystemCallError, socketFamily, socketType, type Descriptor, type Libc } from "../libc.ts";
import { announcementFrame, etherType, probeFrame, readClaim } from "./frames.ts";
import type { Link } from "./route-socket.ts";

const probes = 2;
const betweenProbesMs = 100;
const listenMs = 300;
const pollMs = 10;
/** So many frames are sent, or looked at, before others get their turn: a flood holds nobody up. */
const framesAtOnce = 256;
const frameBytes = 128;
const dontWait = 0x40;

/** Asks networks for hosts, and tells them of endpoints: with frames, as it speaks for addresses of many networks. */
export class Prober {
  readonly #libc: Libc;
  /** Sends to all interfaces, and hears nothing. It stays open, as the kernel takes its time to close one. */
  readonly #sender: Descriptor;

  private constructor(libc: Libc, sender: Descriptor) {
    this.#libc = libc;
    this.#sender = sender;
  }

  /** Opens one in the network namespace of the thread. @throws SystemCallError EPERM without CAP_NET_RAW */
  static open(libc: Libc): Prober {
    return new Prober(libc, libc.socket(socketFamily.packet, socketType.raw, 0));
  }

  /**
   * Asks a network which of some addresses a host has already. Takes 0.3 s for a few thousand, and a little longer for
   * more.
   * @returns link-layer addresses of those hosts by address @throws SystemCallError
   */
  async probe(link: Link, addresses: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const own = hardwareOf(link);
    if (!own || addresses.length === 0) return new Map();
    const sockets: Descriptor[] = [];
    const found = new Map<string, string>();
    const asked = new Set(addresses);
    try {
      if (!addresses.every(isIPv6)) sockets.push(listener(this.#libc, link, etherType.arp));
      if (addresses.some(isIPv6)) sockets.push(listener(this.#libc, link, etherType.ipv6));
      for (let at = 0; at < listenMs; at += pollMs) {
        if (at % betweenProbesMs === 0 && at / betweenProbesMs < probes)
          await this.#send(link, addresses, (address) => probeFrame(address, own));
        await delay(pollMs);
        for (const socket of sockets) listen(this.#libc, socket, asked, found, link.hardwareAddress);
      }
    } finally {
      for (const socket of sockets) this.#libc.closeAside(socket);
    }
    return found;
  }

  /**
   * Tells a network that addresses are here now: neighbours that knew another host for them forget it.
   * @throws SystemCallError
   */
  async announce(link: Link, addresses: readonly string[]): Promise<void> {
    const own = hardwareOf(link);
    if (own) await this.#send(link, addresses, (address) => announcementFrame(address, own));
  }

  close(): void {
    this.#libc.closeAside(this.#sender);
  }

  async #send(
    link: Link,
    addresses: readonly string[],
    frameFor: (address: string) => Buffer,
  ): Promise<void> {
    const to = linkAddress(link, 0);
    for (const [index, address] of addresses.entries()) {
      sendFrame(this.#libc, this.#sender, frameFor(address), to);
      if (index % framesAtOnce === framesAtOnce - 1) await setImmediate();
    }
  }
}

function hardwareOf({ hardwareAddress }: Link): Buffer | undefined {
  return hardwareAddress === undefined ? undefined : Buffer.from(hardwareAddress.replaceAll(":", ""), "hex");
}

/** A sockaddr_ll. */
function linkAddress(link: Link, type: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(socketFamily.packet, 0);
  address.writeUInt16BE(type, 2);
  address.writeInt32LE(link.index, 4);
  return address;
}

/** A packet(7) socket: it hears frames before any rule does. Without a protocol until it is bound, or binding waits. */
function listener(libc: Libc, link: Link, type: number): Descriptor {
  const socket = libc.socket(socketFamily.packet, socketType.raw, 0);
  try {
    libc.bind(socket, linkAddress(link, type));
  } catch (error) {
    libc.closeAside(socket);
    throw error;
  }
  return socket;
}

/** A full queue loses frames, as a network does. */
function sendFrame(libc: Libc, socket: Descriptor, frame: Buffer, to: Buffer): void {
  try {
    libc.sendTo(socket, frame, to);
  } catch (error) {
    if (!(error instanceof SystemCallError && ["ENOBUFS", "EAGAIN"].includes(error.code))) throw error;
  }
}

function listen(
  libc: Libc,
  socket: Descriptor,
  asked: ReadonlySet<string>,
  found: Map<string, string>,
  own: string | undefined,
): void {
  const buffer = Buffer.alloc(frameBytes);
  for (let count = 0; count < framesAtOnce; count += 1) {
    try {
      const length = libc.receive(socket, buffer, dontWait);
      const claim = readClaim(buffer.subarray(0, length));
      if (claim && asked.has(claim.address) && claim.hardware !== own)
        found.set(claim.address, claim.hardware);
    } catch (error) {
      if (error instanceof SystemCallError && error.code === "EAGAIN") return;
      throw error;
    }
  }
}
