import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { listenOn } from "./listen.ts";
import { answerRequest } from "./node-answers.ts";
import type { NodeBehaviour, NodeIdentity } from "./node-answers.ts";
import { RawPeer } from "./raw-peer.ts";

export type ReceivedRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** `performance.now()` when the whole request had arrived. */
  readonly receivedAtMs: number;
  readonly remoteAddress: string;
};

export type NodeOptions = {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. Name it to bring a node back where it was. */
  readonly port?: number;
  /** The node's name in its answers, to tell nodes apart; default "node-1". */
  readonly name?: string;
  readonly engine?: "opensearch" | "elasticsearch";
  readonly version?: string;
  /** PEM; the node then speaks HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
};

export type SearchNode = {
  readonly url: string;
  readonly port: number;
  readonly name: string;
  /** Every request so far, oldest first, health checks included. */
  readonly received: readonly ReceivedRequest[];
  /** The requests that somebody made through an endpoint: all but `GET /` and `GET /_cluster/health`. */
  clientRequests(): readonly ReceivedRequest[];
  /** Connections that are open now. */
  readonly openConnections: number;
  /** The raw sessions (see `startNode`). */
  readonly raw: Readonly<RawFigures>;
  behave(change: Partial<NodeBehaviour>): void;
  /** Cuts every open connection and goes on listening. */
  dropConnections(): void;
  /** Closes the port and every connection. Idempotent. */
  stop(): Promise<void>;
};

type RawFigures = {
  /** Bytes that arrived, and `performance.now()` of the last of them. */
  bytes: number;
  lastByteAtMs: number;
  /** Sessions that are open now, and the most that ever were at once. */
  open: number;
  mostOpen: number;
  /** The node's end of each session, by the path of its request; of one path, the newest. */
  readonly sessions: Map<string, RawPeer>;
};

type State = {
  readonly identity: NodeIdentity;
  readonly behaviour: NodeBehaviour;
  readonly received: ReceivedRequest[];
  readonly raw: RawFigures;
};

/** More than any test sends; a flood must not eat the machine's memory. */
const maxReceived = 100_000;

function receive(state: State, request: IncomingMessage, response: ServerResponse): void {
  if (state.behaviour.fault === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    if (state.received.length < maxReceived) {
      state.received.push({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body,
        receivedAtMs: performance.now(),
        remoteAddress: request.socket.remoteAddress ?? "",
      });
    }
    const answer = (): void => answerRequest(state.identity, state.behaviour, request, body, response);
    if (state.behaviour.delayMs > 0) {
      setTimeout(answer, state.behaviour.delayMs);
    } else answer();
  });
  request.on("error", () => undefined);
  response.on("error", () => undefined);
}

/** Turns a connection into a plain TCP echo that half-closes after the client has. */
function becomeRaw(state: State, name: string, socket: Duplex, head: Buffer): void {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
  if (head.length > 0) socket.unshift(head);
  const { raw } = state;
  raw.sessions.set(name, new RawPeer(socket));
  raw.open += 1;
  raw.mostOpen = Math.max(raw.mostOpen, raw.open);
  socket.on("close", () => (raw.open -= 1));
  socket.on("data", (chunk: Buffer) => {
    raw.bytes += chunk.length;
    raw.lastByteAtMs = performance.now();
  });
  socket.pipe(socket);
}

/**
 * Starts a small node that answers like a search engine and records what it receives.
 *
 * `GET /_stream` sends for ever. A request with `Connection: Upgrade` and `Upgrade: raw` (any path) gets a 101 and
 * then a plain TCP echo, half-close included, for tests that need bytes and not requests.
 */
export async function startNode(options: NodeOptions = {}): Promise<SearchNode> {
  const {
    host = "127.0.0.1",
    port = 0,
    name = "node-1",
    engine = "opensearch",
    version = "2.19.0",
  } = options;
  const behaviour: NodeBehaviour = {
    status: 200,
    body: undefined,
    delayMs: 0,
    fault: "none",
    credentials: undefined,
  };
  const raw: RawFigures = { bytes: 0, lastByteAtMs: 0, open: 0, mostOpen: 0, sessions: new Map() };
  const state: State = { identity: { name, engine, version }, behaviour, received: [], raw };
  const sockets = new Set<Socket>();
  const server = options.tls ? createHttpsServer(options.tls) : createHttpServer();
  server.keepAliveTimeout = 600_000;
  server.on("request", (request, response) => receive(state, request, response));
  server.on("upgrade", (request, socket, head) => becomeRaw(state, request.url ?? "", socket, head));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  const boundPort = await listenOn(server, port, host);
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${options.tls ? "https" : "http"}://${host}:${boundPort}`,
    port: boundPort,
    name,
    received: state.received,
    clientRequests: () => state.received.filter(({ url }) => url !== "/" && url !== "/_cluster/health"),
    get openConnections() {
      return sockets.size;
    },
    raw,
    behave: (change) => void Object.assign(behaviour, change),
    dropConnections,
    stop: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      dropConnections();
      await closed;
    },
  };
}
