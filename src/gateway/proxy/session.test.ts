import { createHash, randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import type { DesiredNode } from "../../domain/desired.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { Session } from "./session.ts";
import type { SessionHost } from "./session.ts";
import { someAddress, TestClient, TestNode, until } from "./testing.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Takes away what `onread` on accepted sockets needs, as a future Node might. */
function withoutOnread(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle: object };
  Object.defineProperty(handle, "useUserBuffer", { value: undefined });
}

/** A listener in small: carries every connection to `nodes`, with a clock that the test sets. */
class Gateway implements SessionHost {
  readonly settings = { idleTimeoutMs: 60_000, connectTimeoutMs: 5_000, keepAliveMs: 60_000 };
  readonly buffers = new ReadBuffers();
  readonly isRecording = true;
  readonly address = someAddress();
  readonly sessions = new Set<Session>();
  readonly unreachable: DesiredNode[] = [];
  bytesIn = 0;
  bytesOut = 0;
  refused = 0;
  endings = 0;
  nowMs = 0;

  async start(nodes: readonly DesiredNode[], prepare: (socket: Socket) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      prepare(socket);
      const session = new Session(this, socket, nodes.values());
      this.sessions.add(session);
      session.connect();
    });
    server.listen({ host: this.address, port: 9200 });
    cleanups.push(() => {
      server.close();
      for (const session of this.sessions) void session.reset();
    });
    await once(server, "listening");
  }

  /** Lets time pass, and does what is due then. */
  advance(ms: number): void {
    this.nowMs += ms;
    for (const session of this.sessions) session.sweep();
  }

  now(): number {
    return this.nowMs;
  }
  countBytesIn(bytes: number): void {
    this.bytesIn += bytes;
  }
  countBytesOut(bytes: number): void {
    this.bytesOut += bytes;
  }
  noNode(): void {
    this.refused++;
  }
  nodeUnreachable(node: DesiredNode): void {
    this.unreachable.push(node);
  }
  ended(session: Session): void {
    this.endings++;
    this.sessions.delete(session);
  }
}

async function startNode(serve?: (socket: Socket) => void): Promise<TestNode> {
  const node = await TestNode.start(serve);
  cleanups.push(() => node.stop());
  return node;
}

/** A node whose queue of connections is full and stays full: a new connection gets no answer at all. */
async function startFullNode(): Promise<DesiredNode> {
  const host = someAddress();
  const program = `
    const { parentPort } = require("node:worker_threads");
    require("node:net").createServer().listen({ host: "${host}", port: 9200, backlog: 1 }, () => {
      parentPort.postMessage("listening");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(program, { eval: true });
  cleanups.push(() => worker.terminate());
  await once(worker, "message");
  // The kernel queues one more than the backlog.
  const queued = [new TestClient(host), new TestClient(host)];
  cleanups.push(() => queued.forEach((client) => client.socket.destroy()));
  await Promise.all(queued.map((client) => once(client.socket, "connect")));
  return { host, port: 9200 };
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

describe.each([
  ["shared read memory", () => undefined],
  ["the fallback to 'data' events", withoutOnread],
] as const)("with %s", (_name, prepare) => {
  async function startGateway(...nodes: DesiredNode[]): Promise<Gateway> {
    const gateway = new Gateway();
    await gateway.start(nodes, prepare);
    return gateway;
  }

  test("the consumer closes its half, and still hears the whole answer", async () => {
    let question = "";
    const node = await startNode((socket) => {
      socket.on("data", (chunk) => (question += chunk.toString()));
      socket.on("end", () => socket.end(`answer to ${question}`));
    });
    const gateway = await startGateway(node);
    const client = new TestClient(gateway.address);
    client.socket.end("question");
    await until("the answer ended", () => client.ended);
    expect(client.received).toBe("answer to question");
    await until("the session is over", () => gateway.endings === 1);
    expect([gateway.bytesIn, gateway.bytesOut, client.errorCode]).toEqual([8, 18, null]);
  });

  test("the node closes its half, and still hears the consumer", async () => {
    let heard = "";
    let heardEnd = false;
    const node = await startNode((socket) => {
      socket.on("data", (chunk) => (heard += chunk.toString()));
      socket.on("end", () => (heardEnd = true));
      socket.end("bye");
    });
    const gateway = await startGateway(node);
    const client = new TestClient(gateway.address);
    await until("the node's end arrived", () => client.ended);
    expect(gateway.endings).toBe(0);
    client.socket.end("one more thing");
    await until("the consumer's end arrived", () => heardEnd);
    expect([client.received, heard]).toEqual(["bye", "one more thing"]);
    await until("the session is over", () => gateway.endings === 1);
  });

  test("a reset of either end becomes a reset of the other", async () => {
    const node = await startNode();
    const gateway = await startGateway(node);
    const [first, second] = [new TestClient(gateway.address), new TestClient(gateway.address)];
    await Promise.all([first.ask("a"), second.ask("b")]);
    const errors: string[] = [];
    for (const socket of node.sockets) {
      socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code ?? ""));
    }
    first.socket.resetAndDestroy();
    await until("the node saw the reset", () => errors.length === 1);
    node.sockets.find((socket) => !socket.destroyed)?.resetAndDestroy();
    await until("the consumer saw the reset", () => second.wasReset);
    expect([errors, gateway.endings]).toEqual([["ECONNRESET"], 2]);
  });

  test.each(["consumer", "node"])(
    "the %s does not read and the other end is fast: the gateway holds little, and loses nothing",
    async (slowEnd) => {
      const node = await startNode(() => undefined);
      const gateway = await startGateway(node);
      const client = new TestClient(gateway.address);
      client.socket.removeAllListeners("data").pause();
      await until("the session stands", () => node.sockets.length === 1);
      const [nodeSocket] = node.sockets;
      if (nodeSocket === undefined) throw new Error("There is a node socket.");
      const [fast, slow] = slowEnd === "node" ? [client.socket, nodeSocket] : [nodeSocket, client.socket];
      const block = randomBytes(1 << 20);
      const blocks = 120;
      let blocksTaken = 0;
      const send = (): void => {
        if (blocksTaken === blocks) fast.end();
        else fast.write(block, sent);
      };
      const sent = (): void => {
        blocksTaken++;
        send();
      };
      send();

      const moved = (): number => gateway.bytesIn + gateway.bytesOut;
      let movedBefore = -1;
      let quiet = 0;
      await until("everything between the ends is full", () => {
        quiet = movedBefore === moved() && movedBefore > 0 ? quiet + 1 : 0;
        movedBefore = moved();
        return quiet === 20;
      });
      expect(blocksTaken).toBeLessThan(blocks);
      expect(gateway.buffers.inFlightBytes).toBeLessThanOrEqual(256 * 1024);

      const hash = createHash("sha256");
      slow.on("data", (chunk) => hash.update(chunk)).resume();
      await once(slow, "end");
      const wanted = createHash("sha256");
      for (let count = 0; count < blocks; count++) wanted.update(block);
      expect(hash.digest("hex")).toBe(wanted.digest("hex"));
      expect(moved()).toBe(blocks * block.length);
    },
  );

  test("many sessions that stop and go at random do not mix up their bytes", async () => {
    const node = await startNode();
    const gateway = await startGateway(node);
    const outcomes = Array.from({ length: 30 }, async () => {
      const said = randomBytes(randomInt(1, 3_000_000));
      const client = new TestClient(gateway.address);
      const heard: Buffer[] = [];
      client.socket.removeAllListeners("data").on("data", (chunk: Buffer) => {
        heard.push(chunk);
        if (randomInt(4) > 0) return;
        client.socket.pause();
        setTimeout(() => client.socket.resume(), randomInt(20));
      });
      for (let at = 0; at < said.length;) {
        const next = at + randomInt(1, 200_000);
        client.socket.write(said.subarray(at, next));
        at = next;
      }
      client.socket.end();
      await until("the echo ended", () => client.ended);
      return sha256(Buffer.concat(heard)) === sha256(said);
    });
    expect((await Promise.all(outcomes)).filter((intact) => !intact)).toEqual([]);
    await until("all sessions are over", () => gateway.endings === 30);
    expect([gateway.bytesIn, gateway.buffers.inFlightBytes]).toEqual([gateway.bytesOut, 0]);
  });

  test("sessions that are reset in full flow give their memory back", async () => {
    const node = await startNode((socket) => socket.write(randomBytes(50_000_000)));
    const gateway = await startGateway(node);
    const clients = [1, 2, 3].map(() => new TestClient(gateway.address));
    clients.forEach((client) => client.socket.pause());
    await until("the sessions are blocked", () => gateway.bytesOut > 3_000_000);
    for (const session of gateway.sessions) expect(session.reset()).toBeNull();
    expect([gateway.endings, gateway.sessions.size]).toEqual([3, 0]);
    await until("the memory is back", () => gateway.buffers.inFlightBytes === 0);
    clients.forEach((client) => client.socket.resume());
    await until("the consumers saw it", () => clients.every((client) => client.wasReset));
  });

  test("an idle session is reset, one that carries a byte now and then is not", async () => {
    const node = await startNode();
    const gateway = await startGateway(node);
    const [idle, busy] = [new TestClient(gateway.address), new TestClient(gateway.address)];
    await Promise.all([idle.ask("a"), busy.ask("b")]);
    gateway.advance(1);
    gateway.advance(40_000);
    await busy.ask("c");
    gateway.advance(19_999);
    expect(gateway.endings).toBe(0);
    gateway.advance(1);
    expect(gateway.endings).toBe(1);
    await until("the idle consumer was reset", () => idle.wasReset);
    await busy.ask("d");
  });
});

test("what the consumer says before a node accepts reaches the node that accepts", async () => {
  const [dead, alive] = [await startNode(), await startNode()];
  const gateway = new Gateway();
  await gateway.start([{ host: dead.host, port: dead.port }, alive], () => undefined);
  dead.stop();
  const client = new TestClient(gateway.address);
  await client.ask("early words");
  expect(client.received).toBe("early words");
  expect(gateway.unreachable).toMatchObject([{ host: dead.host }]);
});

test("a node that does not answer is given up after the connect timeout, and the next one serves", async () => {
  const silent = await startFullNode();
  const alive = await startNode();
  const gateway = new Gateway();
  await gateway.start([silent, alive], () => undefined);
  const client = new TestClient(gateway.address);
  client.socket.write("hello");
  await until("the session tries", () => gateway.sessions.size === 1);
  gateway.advance(4_999);
  expect(gateway.unreachable).toEqual([]);
  gateway.advance(1);
  expect(gateway.unreachable).toEqual([silent]);
  await until("the other node serves", () => client.received === "hello");
});

test("no node left: the consumer is reset and the reason counted", async () => {
  const dead = await startNode();
  const gateway = new Gateway();
  await gateway.start([{ host: dead.host, port: dead.port }], () => undefined);
  dead.stop();
  const client = new TestClient(gateway.address);
  await until("the consumer was reset", () => client.wasReset);
  expect([gateway.refused, gateway.endings]).toEqual([1, 1]);
});

/** Ports of the connections of `address` whose keepalive timer runs, as the Linux kernel tells. */
function keptAlivePorts(address: string): number {
  const hex = address
    .split(".")
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("");
  const lines = readFileSync("/proc/net/tcp", "utf8").toLowerCase().split("\n");
  // Columns: sl, local address, remote address, state (01: established), queues, timer (02: keepalive).
  return lines.filter((line) => new RegExp(`^ *\\d+: ${hex}:\\w+ \\w+:\\w+ 01 \\w+:\\w+ 02:`).test(line))
    .length;
}

test.runIf(process.platform === "linux")("keepalive is switched on for sessions that stay", async () => {
  const node = await startNode();
  const gateway = new Gateway();
  await gateway.start([node], () => undefined);
  const client = new TestClient(gateway.address);
  await client.ask("hello");
  gateway.advance(14_999);
  expect(keptAlivePorts(gateway.address)).toBe(0);
  gateway.advance(1);
  await until("the kernel keeps it alive", () => keptAlivePorts(gateway.address) === 1);
});
