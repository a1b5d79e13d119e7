import { Resolver } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createLogger } from "../../lib/log.ts";
import { ConnectionLimits, type MostConnections } from "./connection-limits.ts";
import { NameServer } from "./name-server.ts";
import {
  aNamedSnapshot,
  aQuery,
  askDatagram,
  aView,
  freePort,
  name,
  otherEndpointId,
  nameOf,
  read,
  zone,
} from "./test-dns.ts";

const address = "127.80.0.10";
const plenty: MostConnections = { inAll: 100, ofNetwork: 50, ofSource: 20 };
const patienceMs = 5_000;

let port: number;

beforeEach(async () => {
  port = await freePort(address);
});

async function start(
  wish: { readonly most?: MostConnections; readonly idleMs?: number } = {},
): Promise<NameServer> {
  const { most = plenty, idleMs = 60_000 } = wish;
  const parts = {
    network: "n",
    address,
    datagrams: { address, port },
    streams: { host: address, port },
    limits: new ConnectionLimits(most),
    idleMs,
    log: createLogger("unit", "silent"),
  };
  const server = await NameServer.start(parts, aView());
  onTestFinished(() => server.close());
  return server;
}

/** One end of a connection to the server. */
class Client {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  isClosed = false;

  constructor(from = "127.0.0.1") {
    this.socket = connect({ host: address, port, localAddress: from });
    onTestFinished(() => void this.socket.destroy());
    this.socket.on("data", (chunk) => (this.#received = Buffer.concat([this.#received, chunk])));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.isClosed = true));
  }

  ask(...queries: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(queries.map(framed)));
  }

  /** The next answers, in their order. */
  async answers(count: number): Promise<readonly Buffer[]> {
    const found: Buffer[] = [];
    await vi.waitFor(
      () => {
        while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)) {
          const end = 2 + this.#received.readUInt16BE(0);
          found.push(this.#received.subarray(2, end));
          this.#received = this.#received.subarray(end);
        }
        if (found.length < count) throw new Error(`${found.length} answers came`);
      },
      { timeout: patienceMs, interval: 2 },
    );
    return found;
  }

  /** Resolves to true when the connection has ended. @throws Error where it does not */
  closed(): Promise<boolean> {
    const look = (): true => {
      if (this.isClosed) return true;
      throw new Error("the connection lives on");
    };
    return vi.waitFor(look, { timeout: patienceMs, interval: 2 });
  }
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function numbered(id: number): Buffer {
  const query = aQuery(name, "A");
  query.writeUInt16BE(id, 0);
  return query;
}

test("Node's own resolver finds a name's address, and tells no data from no name", async () => {
  await start();
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  resolver.setServers([`${address}:${port}`]);
  expect(await resolver.resolve4(name, { ttl: true })).toEqual([{ address: "127.80.0.2", ttl: 5 }]);
  await expect(resolver.resolve6(name)).rejects.toMatchObject({ code: "ENODATA" });
  await expect(resolver.resolve4(nameOf(otherEndpointId))).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(await resolver.resolveNs(zone)).toEqual([`ns.${zone}`]);
  expect(await resolver.resolveSoa(zone)).toMatchObject({ nsname: `ns.${zone}`, serial: 7, minttl: 5 });
});

test("what is shown anew is answered from then on, over both transports", async () => {
  const server = await start();
  const client = new Client();
  server.show(aView(aNamedSnapshot(8, { refusal: "not_accepted" })));
  client.ask(numbered(1));
  expect(read((await client.answers(1))[0]).code).toBe("NXDOMAIN");
  expect(read(await askDatagram(numbered(1), address, port)).code).toBe("NXDOMAIN");
});

test("what deserves no answer gets none, and does not stop the server", async () => {
  await start();
  const client = new Client();
  const response = numbered(1);
  response.writeUInt8(0x80, 2);
  // The first that comes back over either transport is the answer to the second.
  expect((await askDatagram(response, address, port, numbered(2))).readUInt16BE(0)).toBe(2);
  client.ask(response, Buffer.alloc(0), numbered(2));
  expect((await client.answers(1)).map((reply) => reply.readUInt16BE(0))).toEqual([2]);
});

describe("a connection", () => {
  test("takes many queries at once, byte by byte as well, and answers them in order", async () => {
    await start();
    const client = new Client();
    const ids = Array.from({ length: 500 }, (_, index) => index + 1);
    client.ask(...ids.map(numbered));
    expect((await client.answers(500)).map((reply) => reply.readUInt16BE(0))).toEqual(ids);
    for (const byte of framed(numbered(7))) {
      client.socket.write(Buffer.from([byte]));
      await delay(0);
    }
    expect((await client.answers(1)).map((reply) => reply.readUInt16BE(0))).toEqual([7]);
  });

  test("that is closed on one side still gets all its answers, and is closed then", async () => {
    await start();
    const client = new Client();
    client.ask(...Array.from({ length: 200 }, (_, index) => numbered(index)));
    client.socket.end();
    expect(await client.answers(200)).toHaveLength(200);
    await client.closed();
  });

  test("that completes no query in time is ended, however busy it is", async () => {
    await start({ idleMs: 300 });
    const [silent, slow] = [new Client(), new Client()];
    const dripping = setInterval(() => slow.socket.write(Buffer.from([0])), 20);
    onTestFinished(() => clearInterval(dripping));
    slow.socket.write(Buffer.from([0x0f, 0xff]));
    expect(await Promise.all([silent.closed(), slow.closed()])).toEqual([true, true]);
  });

  test("that asks now and then lives on", async () => {
    await start({ idleMs: 400 });
    const client = new Client();
    for (let id = 0; id < 8; id += 1) {
      client.ask(numbered(id));
      await client.answers(1);
      await delay(100);
    }
    expect(client.isClosed).toBe(false);
  });

  test("that announces more than a query ever has is ended", async () => {
    await start();
    const client = new Client();
    client.socket.write(Buffer.from([0x10, 0x01]));
    expect(await client.closed()).toBe(true);
  });

  test("whose answers nobody reads is not read from either, and ends in time", async () => {
    await start({ idleMs: 500 });
    const client = new Client();
    client.socket.pause();
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => framed(numbered(1))));
    let written = 0;
    const flood = setInterval(() => {
      if (!client.isClosed && client.socket.writableLength < 1_000_000 && client.socket.write(many))
        written += 1;
    }, 1);
    onTestFinished(() => clearInterval(flood));
    await vi.waitFor(() => expect(client.socket.writableLength).toBeGreaterThan(500_000), {
      timeout: patienceMs,
    });
    // Others are served meanwhile.
    const other = new Client();
    other.ask(numbered(3));
    await other.answers(1);
    await client.closed();
    expect(written).toBeGreaterThan(0);
  });
});

test("connections beyond the limits are refused; one that ends makes room", async () => {
  await start({ most: { inAll: 100, ofNetwork: 3, ofSource: 2 } });
  const connected = async (from: string): Promise<Client> => {
    const client = new Client(from);
    client.ask(numbered(1));
    await Promise.race([client.answers(1), client.closed().then(() => Promise.reject(new Error("refused")))]);
    return client;
  };
  const first = await connected("127.0.0.1");
  await connected("127.0.0.1");
  expect(await new Client("127.0.0.1").closed()).toBe(true);
  await connected("127.0.0.2");
  expect(await new Client("127.0.0.3").closed()).toBe(true);
  first.socket.destroy();
  await vi.waitFor(() => connected("127.0.0.3"), { timeout: patienceMs });
});

test("it listens on both or on none, and leaves nothing behind", async () => {
  const server = await start();
  await expect(start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  const client = new Client();
  client.ask(numbered(1));
  await client.answers(1);
  await server.close();
  await client.closed();
  await server.close();
  await start();
});
