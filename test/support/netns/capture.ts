import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { GuardedProcess } from "../guarded-process.ts";
import type { Namespace } from "./namespace.ts";

/** What one frame tells whoever receives it. */
export type Frame = {
  readonly kind: "ipv4" | "arp" | "ipv6" | "other";
  /** Of an ARP frame: who says that the address is his. */
  readonly source: string;
  readonly destination: string;
  /** 0 where there is none. */
  readonly ttl: number;
  /** IP's number of the protocol inside; of an ARP frame 1 for a request and 2 for an answer. */
  readonly protocol: number;
};

const fileHeaderLength = 24;
const recordHeaderLength = 16;

/** Every frame that comes in at `eth0` of a namespace. */
export class Capture {
  readonly #tcpdump: GuardedProcess;
  readonly #file: string;

  private constructor(tcpdump: GuardedProcess, file: string) {
    this.#tcpdump = tcpdump;
    this.#file = file;
  }

  static async start(namespace: Namespace): Promise<Capture> {
    const directory = await mkdtemp(join(tmpdir(), "postern-capture-"));
    const file = join(directory, "frames.pcap");
    const [command = "", ...prefix] = namespace.prefix;
    const args = [
      "tcpdump",
      "-i",
      "eth0",
      "-Q",
      "in",
      "-U",
      "-s",
      "128",
      "--no-promiscuous-mode",
      "-Z",
      "root",
    ];
    const tcpdump = new GuardedProcess(command, [...prefix, ...args, "-w", file], { remove: [directory] });
    await eventually(() => tcpdump.output.includes("listening on"), { what: "tcpdump to listen" });
    return new Capture(tcpdump, file);
  }

  /** The frames so far. */
  async frames(): Promise<readonly Frame[]> {
    return readFrames(await readFile(this.#file));
  }

  async stop(): Promise<void> {
    await this.#tcpdump.stop();
  }
}

/** Reads a file of tcpdump's with Ethernet frames, in the byte order of this machine. */
function readFrames(file: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = fileHeaderLength;
  while (at + recordHeaderLength <= file.length) {
    const start = at + recordHeaderLength;
    at = start + file.readUInt32LE(at + 8);
    // The last one may be written only in part.
    if (at <= file.length) frames.push(readFrame(file.subarray(start, at)));
  }
  return frames;
}

function readFrame(frame: Buffer): Frame {
  const packet = frame.subarray(14);
  switch (frame.readUInt16BE(12)) {
    case 0x0800:
      return {
        kind: "ipv4",
        source: ipv4(packet, 12),
        destination: ipv4(packet, 16),
        ttl: packet.readUInt8(8),
        protocol: packet.readUInt8(9),
      };
    case 0x0806:
      return {
        kind: "arp",
        source: ipv4(packet, 14),
        destination: ipv4(packet, 24),
        ttl: 0,
        protocol: packet.readUInt16BE(6),
      };
    case 0x86dd:
      return {
        kind: "ipv6",
        source: packet.toString("hex", 8, 24),
        destination: packet.toString("hex", 24, 40),
        ttl: packet.readUInt8(7),
        protocol: packet.readUInt8(6),
      };
    default:
      return { kind: "other", source: "", destination: "", ttl: 0, protocol: 0 };
  }
}

function ipv4(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join(".");
}
