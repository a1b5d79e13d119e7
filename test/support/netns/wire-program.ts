/** One end of a cable: sends frames as they are told, and keeps all that come in. */
import { readFile } from "node:fs/promises";
import koffi from "koffi";
import { eventually } from "../eventually.ts";
import { addressBytes, ipPackets } from "./packets.ts";
import type { Packet } from "./packets.ts";
import { readSeen } from "./seen.ts";
import type { Seen } from "./seen.ts";
import { serve } from "./serve.ts";

const packetFamily = 17;
const rawType = 3;
const anyEtherType = 0x0003;
const solSocket = 1;
const receiveBufferForce = 33;
const solPacket = 263;
const ignoreOutgoing = 23;
const dontWait = 0x40;
const frameBytes = 256;
/** The socket's queue is emptied after so many frames that were sent. */
const sentAtOnce = 200;
const mostKept = 500_000;

const libc = koffi.load("libc.so.6");
const openSocket = libc.func("int socket(int domain, int type, int protocol)");
const bind = libc.func("int bind(int fd, const void *address, uint32_t length)");
const sendFrame = libc.func("int64_t send(int fd, const void *data, size_t length, int flags)");
const receive = libc.func("int64_t recv(int fd, void *data, size_t length, int flags)");
const currentCpu = libc.func("int sched_getcpu()");
const setAffinity = libc.func("int sched_setaffinity(int pid, size_t length, const void *mask)");
const setOption = libc.func(
  "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
);

/**
 * Each processor has a queue of its own for frames that come in: those of a process that moves to another one overtake
 * those that it sent before, where both have much to do.
 */
function stayOnThisCpu(): void {
  const cpu = Number(currentCpu());
  const mask = Buffer.alloc(128);
  mask.writeUInt8(1 << (cpu & 7), cpu >> 3);
  if (cpu < 0 || Number(setAffinity(0, mask.length, mask)) < 0)
    throw new Error("The process could not be kept on one processor");
}

type Cable = { readonly socket: number; readonly hardware: Buffer };
let cable: Cable | undefined;
let kept: Seen[] = [];
const buffer = Buffer.alloc(frameBytes);

function opened(): Cable {
  if (!cable) throw new Error("No interface was opened");
  return cable;
}

function drain(): void {
  const { socket } = opened();
  for (;;) {
    const length = Number(receive(socket, buffer, buffer.length, dontWait));
    if (length < 0) return;
    if (kept.length < mostKept) kept.push(readSeen(buffer.subarray(0, length)));
  }
}

function linkDestination(packet: Packet, gateway: Buffer): Buffer {
  const address = addressBytes(packet.destination);
  if (address.length === 16 && address[0] === 0xff) {
    return Buffer.concat([Buffer.from([0x33, 0x33]), address.subarray(12)]);
  }
  const isMulticast = address.length === 4 && (address[0] ?? 0) >> 4 === 14;
  if (isMulticast) return Buffer.concat([Buffer.from([1, 0, 0x5e]), address.subarray(1)]);
  return packet.destination === "255.255.255.255" ? Buffer.alloc(6, 0xff) : gateway;
}

function bytesOf(hardware: string): Buffer {
  return Buffer.from(hardware.replaceAll(":", ""), "hex");
}

function sendAll(gateway: string, packets: readonly Packet[]): void {
  const { socket, hardware } = opened();
  const to = bytesOf(gateway);
  for (const [index, packet] of packets.entries()) {
    const isV6 = packet.source.includes(":");
    const type = Buffer.from(isV6 ? [0x86, 0xdd] : [0x08, 0x00]);
    for (const bytes of ipPackets(packet)) {
      const frame = Buffer.concat([linkDestination(packet, to), hardware, type, bytes]);
      if (Number(sendFrame(socket, frame, frame.length, 0)) < 0) throw new Error("A frame could not be sent");
    }
    if (index % sentAtOnce === 0) drain();
  }
}

const procedures = {
  /** To be called once, before all others. */
  open: async (device: string): Promise<void> => {
    stayOnThisCpu();
    const read = async (name: string): Promise<string> =>
      (await readFile(`/sys/class/net/${device}/${name}`, "utf8")).trim();
    const socket = Number(openSocket(packetFamily, rawType, 0));
    const address = Buffer.alloc(20);
    address.writeUInt16LE(packetFamily, 0);
    address.writeUInt16BE(anyEtherType, 2);
    address.writeInt32LE(Number(await read("ifindex")), 4);
    const [one, large] = [Buffer.from([1, 0, 0, 0]), Buffer.from([0, 0, 0, 2])];
    if (Number(setOption(socket, solSocket, receiveBufferForce, large, 4)) < 0)
      throw new Error("The queue of the socket could not be made long");
    if (Number(setOption(socket, solPacket, ignoreOutgoing, one, 4)) < 0)
      throw new Error("The kernel cannot leave outgoing frames out");
    if (Number(bind(socket, address, address.length)) < 0) throw new Error(`${device} could not be opened`);
    cable = { socket, hardware: bytesOf(await read("address")) };
  },
  /** Sends packets to the gateway's link-layer address; those to many, to that of many. */
  send: sendAll,
  /** Asks who has an IPv4 address. */
  askFor: (target: string, sender: string): void => {
    const { socket, hardware } = opened();
    const header = Buffer.from([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1]);
    const addresses = [addressBytes(sender), Buffer.alloc(6), addressBytes(target)];
    const frame = Buffer.concat([Buffer.alloc(6, 0xff), hardware, header, hardware, ...addresses]);
    sendFrame(socket, frame, frame.length, 0);
  },
  /** Sends a packet, and tells whether something comes to its source port within 2 s. */
  exchange: async (gateway: string, packet: Extract<Packet, { kind: "tcp" }>): Promise<boolean> => {
    sendAll(gateway, [packet]);
    const hasCome = (): boolean => {
      drain();
      return kept.some(({ protocol, port }) => protocol === 6 && port === packet.sourcePort);
    };
    return await eventually(hasCome, { timeoutMs: 2_000, intervalMs: 2 }).catch(() => false);
  },
  /** Everything that came in since `forget`. */
  seen: (): readonly Seen[] => {
    drain();
    return kept;
  },
  forget: (): void => {
    drain();
    kept = [];
  },
};

export type WireProcedures = typeof procedures;
serve(procedures);
