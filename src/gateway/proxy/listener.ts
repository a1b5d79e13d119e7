import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { DesiredNode } from "../../domain/desired.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ListenerKey, SessionSettings, SlotRecord } from "./messages.ts";
import type { NodeTotals } from "./node-totals.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import { reset } from "./reset.ts";
import { Session } from "./session.ts";
import type { SessionHost } from "./session.ts";

const backlog = 4096;

/** What all listeners of one worker share. */
export interface ListenerContext {
  readonly settings: SessionSettings;
  readonly buffers: ReadBuffers;
  readonly nodeTotals: NodeTotals;
  /** Whether the kernel spreads connections over several listeners of one address. */
  readonly reusePort: boolean;
  nodeUnreachable(node: DesiredNode): void;
  acceptFailed(error: Error): void;
  /** @param source undefined where the consumer is gone already */
  refused(slot: number, reason: RefusalReason, source: string | undefined): void;
  /** Takes what is to be known of a session that has ended; sessions do not note it where this is left out. */
  readonly record?: (ended: SlotRecord) => void;
}

/** One address and port of one endpoint in one worker, with the sessions that came in there. */
export class Listener implements SessionHost {
  readonly endpoint: Endpoint;
  readonly settings: SessionSettings;
  readonly buffers: ReadBuffers;
  readonly isRecording: boolean;
  readonly #context: ListenerContext;
  readonly #server: Server;
  readonly #sessions = new Set<Session>();
  readonly #key: ListenerKey;
  /** Where its sessions go; see {@link Endpoint.serverPort}. */
  #serverPort: number | undefined;

  constructor(endpoint: Endpoint, key: ListenerKey, context: ListenerContext) {
    this.endpoint = endpoint;
    this.#key = key;
    this.#serverPort = endpoint.serverPort(key.port);
    this.settings = context.settings;
    this.buffers = context.buffers;
    this.isRecording = context.record !== undefined;
    this.#context = context;
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  /** @throws the error of the system: EADDRINUSE, EADDRNOTAVAIL, EMFILE ... */
  async listen(): Promise<void> {
    const { address: host, port } = this.#key;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      const { reusePort } = this.#context;
      this.#server.listen({ host, port, backlog, reusePort, exclusive: true, ipv6Only: true }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#server.on("error", (error) => this.#context.acceptFailed(error));
  }

  /** Those that are live. */
  get sessions(): Iterable<Session> {
    return this.#sessions;
  }

  /** Frees the address and severs. Returns as `sever` does. */
  close(): Promise<number> {
    // The descriptor is closed when this returns; the callback would wait for the sessions.
    this.#server.close();
    return this.sever();
  }

  /** Resets every session; resolves to their number when not one byte passes any more. */
  sever(): Promise<number> {
    return this.#resetAll([...this.#sessions]);
  }

  /** Resets every session where the endpoint's port leads elsewhere by now. Returns as `sever` does. */
  async severMisled(): Promise<number> {
    const serverPort = this.endpoint.serverPort(this.#key.port);
    if (serverPort === this.#serverPort) return 0;
    this.#serverPort = serverPort;
    return this.sever();
  }

  /** Resets the sessions whose source is not allowed any more. Returns as `sever` does. */
  severStrangers(): Promise<number> {
    const isStranger = (session: Session): boolean => !this.endpoint.allows(() => session.source);
    return this.#resetAll([...this.#sessions].filter(isStranger));
  }

  /** Resets the sessions on nodes whose sessions are to be cut. Returns as `sever` does. */
  severAway(): Promise<number> {
    const isCut = ({ node }: Session): boolean => node !== null && this.endpoint.fateOn(node) === "cut";
    return this.#resetAll([...this.#sessions].filter(isCut));
  }

  /** Closes the sessions at rest on nodes whose sessions are to end so; see {@link Session.closeAtRest}. */
  closeResting(): void {
    for (const session of this.#sessions) {
      if (session.node !== null && this.endpoint.fateOn(session.node) !== "stay") session.closeAtRest();
    }
  }

  sweep(): void {
    for (const session of this.#sessions) session.sweep();
  }

  now(): number {
    return performance.now();
  }

  countBytesIn(bytes: number): void {
    this.endpoint.counters.countBytesIn(this.endpoint.slot, bytes);
  }

  countBytesOut(bytes: number): void {
    this.endpoint.counters.countBytesOut(this.endpoint.slot, bytes);
  }

  noNode(session: Session): void {
    this.endpoint.counters.countRefusal(this.endpoint.slot, "no_healthy_node");
    this.#context.refused(this.endpoint.slot, "no_healthy_node", session.source);
  }

  nodeUnreachable(node: DesiredNode): void {
    this.#context.nodeUnreachable(node);
  }

  ended(session: Session): void {
    this.#sessions.delete(session);
    this.endpoint.leave();
    this.#context.nodeTotals.end(session);
    const record = session.record();
    if (record) this.#context.record?.({ slot: this.endpoint.slot, ...record });
  }

  async #resetAll(sessions: readonly Session[]): Promise<number> {
    if (sessions.length > 0) this.endpoint.counters.countSevered(this.endpoint.slot, sessions.length);
    await Promise.all(sessions.map((session) => session.reset()).filter((pending) => pending !== null));
    return sessions.length;
  }

  #accept(socket: Socket): void {
    const refusal = this.endpoint.admit(() => socket.remoteAddress);
    if (refusal !== null) {
      this.#context.refused(this.endpoint.slot, refusal, socket.remoteAddress);
      // Nobody waits for this socket: an error of the reset itself changes nothing.
      socket.on("error", () => undefined);
      void reset(socket);
      return;
    }
    const session = new Session(this, socket, this.endpoint.rotation(this.#key.port));
    this.#sessions.add(session);
    session.connect();
  }
}
