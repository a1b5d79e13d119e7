import { setTimeout as delay } from "node:timers/promises";
import { SystemCallError, socketFamily, socketType, type Descriptor, type Libc } from "../libc.ts";
import { announcementFrame, etherType, probeFrame, readClaim } from "./frames.ts";
import type { Link } from "./route-socket.ts";

const probes = 2;
const betweenProbesMs = 100;
const listenMs = 300;
const pollMs = 10;
/** So many frames are looked at before others get their turn: a flood holds nobody up. */
const framesAtOnce = 256;
const frameBytes = 128;
const dontWait = 0x40;

/**
 * Asks a network which of some addresses a host has already. Takes 0.3 s, however many they are.
 * @returns link-layer addresses of those hosts by address @throws SystemCallError
 */
export async function probe(
  libc: Libc,
  link: Link,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const own = hardwareOf(link);
  if (!own || addresses.length === 0) return new Map();
  const sockets: Descriptor[] = [];
  const found = new Map<string, string>();
  const asked = new Set(addresses);
  try {
    for (const type of Object.values(etherType)) sockets.push(open(libc, link, type));
    const sender = sockets[0] ?? -1;
    for (let at = 0; at < listenMs; at += pollMs) {
      if (at % betweenProbesMs === 0 && at / betweenProbesMs < probes)
        for (const address of addresses) send(libc, sender, probeFrame(address, own));
      await delay(pollMs);
      for (const socket of sockets) listen(libc, socket, asked, found, link.hardwareAddress);
    }
  } finally {
    for (const socket of sockets) libc.close(socket);
  }
  return found;
}

/** Tells a network that addresses are here now: neighbours that knew another host for them forget it. */
export function announce(libc: Libc, link: Link, addresses: readonly string[]): void {
  const own = hardwareOf(link);
  if (!own || addresses.length === 0) return;
  const socket = open(libc, link, etherType.arp);
  try {
    for (const address of addresses) send(libc, socket, announcementFrame(address, own));
  } finally {
    libc.close(socket);
  }
}

function hardwareOf({ hardwareAddress }: Link): Buffer | undefined {
  return hardwareAddress === undefined ? undefined : Buffer.from(hardwareAddress.replaceAll(":", ""), "hex");
}

/** A packet(7) socket: it hears frames before any rule does. */
function open(libc: Libc, link: Link, type: number): Descriptor {
  const bigEndian = ((type & 0xff) << 8) | (type >>> 8);
  const socket = libc.socket(socketFamily.packet, socketType.raw, bigEndian);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(socketFamily.packet, 0);
  address.writeUInt16BE(type, 2);
  address.writeInt32LE(link.index, 4);
  try {
    libc.bind(socket, address);
  } catch (error) {
    libc.close(socket);
    throw error;
  }
  return socket;
}

/** A full queue loses frames, as a network does. */
function send(libc: Libc, socket: Descriptor, frame: Buffer): void {
  try {
    libc.send(socket, frame);
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
