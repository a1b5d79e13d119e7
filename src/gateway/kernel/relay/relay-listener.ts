import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { DesiredNode } from "../../../domain/desired.ts";
import type { NodeTotals } from "../../proxy/node-totals.ts";
import type { SessionSettings } from "../../proxy/messages.ts";
import type { ReadBuffers } from "../../proxy/read-buffers.ts";
import { reset } from "../../proxy/reset.ts";
import { Rotation } from "../../rotation.ts";
import { Session, type SessionHost } from "../../proxy/session.ts";

const backlog = 4_096;

/** What all groups have in common. */
export interface RelayParts {
  readonly settings: SessionSettings;
  readonly buffers: ReadBuffers;
  readonly totals: NodeTotals;
}

/** The sessions of one group of nodes: each is one that the rules admitted. They count what its endpoint has. */
export class RelayListener implements SessionHost {
  readonly settings: SessionSettings;
  readonly buffers: ReadBuffers;
  /** The kernel's flow is the one that is recorded. */
  readonly isRecording = false;
  readonly #server: Server;
  readonly #sessions = new Map<Session, number>();
  readonly #byPort = new Map<number, Session>();
  readonly #rotation: Rotation;
  readonly #totals: NodeTotals;

  constructor(nodes: readonly DesiredNode[], { settings, buffers, totals }: RelayParts) {
    this.#totals = totals;
    this.#rotation = new Rotation(nodes);
    this.settings = settings;
    this.buffers = buffers;
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  /** Returns the port that it listens on. @throws the error of the system */
  async listen(host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port: 0, backlog, exclusive: true, ipv6Only: true }, resolve);
    });
    this.#server.removeAllListeners("error");
    // A lack of descriptors, say: who could not be accepted tries again.
    this.#server.on("error", () => undefined);
    return (this.#server.address() as AddressInfo).port;
  }

  /** New sessions go to these. */
  update(nodes: readonly DesiredNode[]): void {
    this.#rotation.update(nodes);
  }

  /** Takes no new sessions; those that are there go on. */
  stop(): void {
    this.#rotation.update([]);
    this.#server.close();
  }

  /** Those that have not ended. */
  get sessions(): Iterable<Session> {
    return this.#sessions.keys();
  }

  get isIdle(): boolean {
    return this.#sessions.size === 0;
  }

  /** Returns a promise of the session's end, or null where it has none, or is over at once. */
  cut(port: number): Promise<unknown> | null {
    return this.#byPort.get(port)?.reset() ?? null;
  }

  /** The node that has the session, or is asked to take it. */
  nodeOf(port: number): DesiredNode | undefined {
    return this.#byPort.get(port)?.node ?? undefined;
  }

  cutAll(): void {
    for (const session of this.#sessions.keys()) void session.reset();
  }

  sweep(): void {
    for (const session of this.#sessions.keys()) session.sweep();
  }

  now(): number {
    return performance.now();
  }

  /** Bytes of endpoints, refusals and nodes' health are the rules' and the health checks' to count. */
  countBytesIn(): void {}
  countBytesOut(): void {}
  noNode(): void {}
  nodeUnreachable(): void {}

  ended(session: Session): void {
    const port = this.#sessions.get(session);
    this.#sessions.delete(session);
    if (port !== undefined && this.#byPort.get(port) === session) this.#byPort.delete(port);
    this.#totals.end(session);
  }

  #accept(socket: Socket): void {
    const { remoteAddress, localAddress, remotePort } = socket;
    // The rules hide every consumer behind the relay's own address: anybody else was not admitted by them.
    if (remotePort === undefined || remoteAddress !== localAddress) {
      socket.on("error", () => undefined);
      void reset(socket);
      return;
    }
    const session = new Session(this, socket, this.#rotation.next());
    this.#sessions.set(session, remotePort);
    this.#byPort.set(remotePort, session);
    session.connect();
  }
}
