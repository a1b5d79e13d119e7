/** Small working parts for the tests of the proxy: nodes, clients, and waiting for a condition. */
import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import type { EndpointFigures } from "../../domain/report.ts";
import type { ProxyEngine } from "./engine.ts";

const patienceMs = 15_000;
const pollMs = 5;

/** A loopback address that no other test is likely to use. */
export function someAddress(): string {
  return `127.${randomInt(100, 250)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}

export function desiredEndpoint(parts: Partial<DesiredEndpoint>): DesiredEndpoint {
  return {
    id: randomUUID() as EndpointId,
    address: someAddress(),
    clientPorts: [9200],
    maxSession: 10_000,
    refusal: null,
    nodes: [],
    ...parts,
  };
}

/** Resolves when the condition holds. @throws after 15 s, with what it was about */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** A node: a TCP server that hands its sockets to `serve` and keeps them in `sockets`. */
export class TestNode {
  readonly host = "127.0.0.1";
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  private constructor(serve: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on("error", () => undefined);
      serve(socket);
    });
  }

  static async start(serve: (socket: Socket) => void = echo): Promise<TestNode> {
    const node = new TestNode(serve);
    node.#server.listen({ host: node.host, port: 0, backlog: 4096 });
    await once(node.#server, "listening");
    return node;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** A consumer's connection, with what it has seen. */
export class TestClient {
  readonly socket: Socket;
  received = "";
  ended = false;
  errorCode: string | null = null;

  /** @param source the address that it comes from; the system's choice where it is left out */
  constructor(address: string, port = 9200, source?: string) {
    const from = source === undefined ? {} : { localAddress: source };
    this.socket = connect({ host: address, port, allowHalfOpen: true, ...from });
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? error.message;
    });
  }

  get wasReset(): boolean {
    return this.errorCode === "ECONNRESET" || this.errorCode === "EPIPE";
  }

  /** Sends, and waits for the same bytes from an echoing node. */
  async ask(text: string): Promise<void> {
    const wanted = this.received.length + text.length;
    this.socket.write(text);
    await until(`"${text}" came back`, () => this.received.length >= wanted);
  }
}

/** A client whose session is known to have reached an echoing node. */
export async function liveClient(address: string, port = 9200): Promise<TestClient> {
  const client = new TestClient(address, port);
  await client.ask("hello");
  return client;
}

export function figuresOf(engine: ProxyEngine, id: EndpointId): EndpointFigures {
  const figures = engine.figures().find(({ endpointId }) => endpointId === id);
  if (figures === undefined) throw new Error(`No figures of endpoint ${id}.`);
  return figures;
}
