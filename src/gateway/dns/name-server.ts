import type { BindOptions, Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { EngineLog } from "../engine.ts";
import { answer } from "./answer.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { serveDatagrams } from "./datagrams.ts";
import { StreamSession } from "./stream-session.ts";
import type { View } from "./view.ts";

export interface NameServerParts {
  /** Tells networks apart, for limits and for people. */
  readonly network: string;
  readonly address: string;
  /** Where the two sockets are bound: to address and port, or to a descriptor that is bound already. */
  readonly datagrams: BindOptions;
  readonly streams: ListenOptions | { readonly fd: number };
  readonly limits: ConnectionLimits;
  /** A connection on which no query is complete for so long ends. */
  readonly idleMs: number;
  readonly log: EngineLog;
}

const backlog = 128;

/** The name server of one network: the same view over UDP and TCP. */
export class NameServer {
  readonly #parts: NameServerParts;
  readonly #sockets = new Set<Socket>();
  #view: View;
  #datagrams: DatagramSocket | undefined;
  #streams: Server | undefined;

  private constructor(parts: NameServerParts, view: View) {
    this.#parts = parts;
    this.#view = view;
  }

  /** @throws the system's error where it cannot listen on either; it does not listen on the other then */
  static async start(parts: NameServerParts, view: View): Promise<NameServer> {
    const server = new NameServer(parts, view);
    const { datagrams, address, log } = parts;
    server.#datagrams = await serveDatagrams(
      datagrams,
      address,
      (message) => server.#answer(message, "udp"),
      log,
    );
    try {
      server.#streams = await server.#listen();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** What is answered from now on. */
  show(view: View): void {
    this.#view = view;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const [datagrams, streams] = [this.#datagrams, this.#streams];
    [this.#datagrams, this.#streams] = [undefined, undefined];
    const closed = [datagrams, streams]
      .filter((socket) => socket !== undefined)
      .map((socket) => once(socket, "close"));
    datagrams?.close();
    streams?.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  async #listen(): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    const listening = once(server, "listening");
    server.listen({ ...this.#parts.streams, backlog });
    await listening;
    server.on("error", (error) =>
      this.#parts.log.warn(
        { err: error, network: this.#parts.network },
        "a name server's connection got lost",
      ),
    );
    return server;
  }

  #accept(socket: Socket): void {
    const { limits, network, idleMs } = this.#parts;
    const leave = limits.enter(network, socket.remoteAddress ?? "");
    if (!leave) {
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      leave();
    });
    // It lives as long as its socket.
    void new StreamSession(socket, (message) => this.#answer(message, "tcp"), idleMs);
  }

  #answer(message: Buffer, transport: "udp" | "tcp"): Buffer | undefined {
    return answer(message, this.#view, transport);
  }
}
