import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { GuardedProcess } from "../guarded-process.ts";
import type { Namespace } from "./namespace.ts";
import { readSeen } from "./seen.ts";
import type { Seen } from "./seen.ts";

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
  async frames(): Promise<readonly Seen[]> {
    return readFrames(await readFile(this.#file));
  }

  async stop(): Promise<void> {
    await this.#tcpdump.stop();
  }
}

/** Reads a file of tcpdump's with Ethernet frames, in the byte order of this machine. */
function readFrames(file: Buffer): Seen[] {
  const frames: Seen[] = [];
  let at = fileHeaderLength;
  while (at + recordHeaderLength <= file.length) {
    const start = at + recordHeaderLength;
    at = start + file.readUInt32LE(at + 8);
    // The last one may be written only in part.
    if (at <= file.length) frames.push(readSeen(file.subarray(start, at)));
  }
  return frames;
}
