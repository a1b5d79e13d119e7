/** Network namespaces, and programs in them, for the tests of the kernel gateway. They need root. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Libc } from "./libc.ts";
import { NetlinkSocket, netlinkProtocol } from "./netlink/netlink-socket.ts";

const patienceMs = 15_000;
const pollMs = 10;

/** Why tests that need the kernel cannot run here, or undefined where they can. */
export const missing = findMissing();

function findMissing(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  for (const [program, ...args] of [
    ["ip", "-V"],
    ["nft", "--version"],
  ] as const) {
    try {
      execFileSync(program, args, { stdio: "ignore" });
    } catch {
      return `needs the program ${program}`;
    }
  }
  return undefined;
}

/** Resolves when the condition holds. @throws after 15 s, with what it was about */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

let made = 0;

/** A network namespace of its own; `close` removes it, with all that is in it. */
export class TestNamespace {
  readonly name: string;
  readonly #libc: Libc;
  readonly #peers: TestPeer[] = [];

  private constructor(libc: Libc, name: string) {
    this.#libc = libc;
    this.name = name;
  }

  static async create(): Promise<TestNamespace> {
    made += 1;
    const name = `pt-${process.pid}-${made}`;
    execFileSync("ip", ["netns", "add", name]);
    const namespace = new TestNamespace(await Libc.load(), name);
    namespace.run("ip link set lo up");
    return namespace;
  }

  /** Runs a command, its words apart by spaces. @throws with what it wrote to standard error */
  run(command: string, input = ""): string {
    const words = ["netns", "exec", this.name, ...command.split(" ")];
    return execFileSync("ip", words, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  }

  sysctl(settings: Readonly<Record<string, number>>): void {
    const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    this.run(`sysctl -q -w ${words.join(" ")}`);
  }

  /** Does what opens sockets with the thread in here. */
  within<Result>(work: (libc: Libc) => Result): Result {
    const [target, home] = [`/run/netns/${this.name}`, "/proc/thread-self/ns/net"].map((path) =>
      openSync(path, "r"),
    );
    if (target === undefined || home === undefined) throw new Error("There are two descriptors.");
    try {
      return this.#libc.inNamespace(target, home, () => work(this.#libc));
    } finally {
      closeSync(target);
      closeSync(home);
    }
  }

  netfilter(): NetlinkSocket {
    return this.within((libc) => NetlinkSocket.open(libc, netlinkProtocol.netfilter));
  }

  /** Lays a cable to another namespace. */
  connect(device: string, other: TestNamespace, otherDevice: string): void {
    this.run(`ip link add ${device} type veth peer name ${otherDevice} netns ${other.name}`);
    this.run(`ip link set ${device} up`);
    other.run(`ip link set ${otherDevice} up`);
  }

  /** Starts a program that connects and listens in here. */
  async peer(): Promise<TestPeer> {
    const peer = await TestPeer.start(this.name);
    this.#peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    execFileSync("ip", ["netns", "del", this.name]);
  }
}

/** What a peer is told. */
export type PeerOrder =
  | { readonly kind: "listen"; readonly host: string; readonly port: number }
  /** `count` connections; each sends one line. */
  | {
      readonly kind: "connect";
      readonly host: string;
      readonly port: number;
      readonly count: number;
      readonly from?: string;
    }
  /** On each of them. */
  | { readonly kind: "send"; readonly bytes: number }
  /** All of them. */
  | { readonly kind: "end" | "reset" };

/** What a peer tells: its connections, of both kinds, since its start. */
export interface PeerState {
  listening: number;
  /** Connected ones that had an answer to their line, and accepted ones that had a line. */
  answered: number;
  /** Bytes, over all of them. */
  received: number;
  ended: number;
  reset: number;
  refused: number;
}

/** A thread in a namespace with TCP connections: a server that echoes, or clients. */
export class TestPeer {
  readonly #worker: Worker;
  state: PeerState = { listening: 0, answered: 0, received: 0, ended: 0, reset: 0, refused: 0 };

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (state: PeerState) => {
      this.state = state;
    });
  }

  static async start(namespace: string): Promise<TestPeer> {
    const worker = new Worker(new URL("./test-peer.ts", import.meta.url), { workerData: namespace });
    const peer = new TestPeer(worker);
    await once(worker, "message");
    return peer;
  }

  tell(order: PeerOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(order);
  }

  async listen(host: string, port: number): Promise<void> {
    const wanted = this.state.listening + 1;
    this.tell({ kind: "listen", host, port });
    await until(`${host} listens on ${port}`, () => this.state.listening === wanted);
  }

  /** Resolves when every one of the connections had an answer. */
  async connect(host: string, port: number, count: number, from?: string): Promise<void> {
    const wanted = this.state.answered + count;
    this.tell({ kind: "connect", host, port, count, ...(from === undefined ? {} : { from }) });
    await until(`${count} sessions with ${host} are answered`, () => this.state.answered >= wanted);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
