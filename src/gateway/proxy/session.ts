import { connect } from "node:net";
import type { Socket } from "node:net";
import type { DesiredNode } from "../../domain/desired.ts";
import type { EndReason, FlowRecord } from "../flow-record.ts";
import {
  sortKeyOf,
  type LiveSession,
  type SessionKey,
  type SessionOrder,
  type SessionPeer,
  type SortKey,
} from "../../domain/live-session.ts";
import { withOnread } from "./accepted.ts";
import { Direction } from "./direction.ts";
import type { SessionSettings } from "./messages.ts";
import type { NodeSession } from "./node-totals.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import { reset } from "./reset.ts";

/** Failures to connect that say nothing about the node: this machine has run out of something. */
const ownShortage = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL", "EAGAIN"]);
/** Keepalive is switched on at this age, so that short sessions never pay for it. */
const keepAliveAgeMs = 15_000;

/** What a session needs of the listener that accepted it. */
export interface SessionHost {
  readonly settings: SessionSettings;
  readonly buffers: ReadBuffers;
  /** Whether `record` is asked for when a session has ended: its ends have to be noted before. */
  readonly isRecording: boolean;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  countBytesIn(bytes: number): void;
  countBytesOut(bytes: number): void;
  /** No node took the session, whose consumer may still be there. */
  noNode(session: Session): void;
  nodeUnreachable(node: DesiredNode): void;
  /** The session is over: called exactly once. */
  ended(session: Session): void;
}

/** One consumer's connection, carried to one node. */
export class Session {
  readonly #host: SessionHost;
  readonly #inbound: Direction;
  readonly #outbound: Direction;
  readonly #client: Socket;
  /** In the order in which they are to be tried. */
  readonly #nodes: Iterator<DesiredNode>;
  #node: Socket | null = null;
  #trying: DesiredNode | null = null;
  #chosen: DesiredNode | null = null;
  #connected = false;
  #keptAlive = false;
  #clientClosed = false;
  #nodeClosed = false;
  #over = false;
  /** Of the consumer and the node, where they are recorded. */
  #source: SessionPeer | undefined;
  #target: SessionPeer | undefined;
  #reason: EndReason = "closed";
  /** On the host's clock. */
  readonly startedMs: number;
  /** When this attempt to connect began, or when the last sweep saw new bytes. */
  #progressMs: number;
  #seenBytes = 0;
  /** Whether the consumer spoke last. */
  #awaitsAnswer = false;
  /** What had passed when somebody last looked whether it is at rest. */
  #restingBytes = -1;

  /** @param accepted paused, with half-close allowed */
  constructor(host: SessionHost, accepted: Socket, nodes: Iterator<DesiredNode>) {
    this.#host = host;
    this.#nodes = nodes;
    this.startedMs = host.now();
    this.#progressMs = this.startedMs;
    this.#inbound = new Direction(host.buffers, (bytes) => {
      this.#awaitsAnswer = true;
      host.countBytesIn(bytes);
    });
    this.#outbound = new Direction(host.buffers, (bytes) => {
      this.#awaitsAnswer = false;
      host.countBytesOut(bytes);
    });
    const rewrapped = withOnread(accepted, this.#inbound.onread);
    this.#client = rewrapped ?? accepted;
    if (rewrapped === null) this.#inbound.listen(accepted);
    if (host.isRecording) this.#source = peerOf(this.#client);
    this.#client.on("error", (error) => void this.reset(reasonOf(error)));
    this.#client.on("close", () => this.#closed(this.#client));
  }

  /** Address of the consumer; undefined once he is gone. */
  get source(): string | undefined {
    return this.#client.remoteAddress;
  }

  /** The node that has it, or is asked to take it; null before the first is asked. */
  get node(): DesiredNode | null {
    return this.#chosen;
  }

  /** What has passed; nothing before a node has it. */
  get carried(): NodeSession["carried"] {
    const { bytesIn, bytesOut } = this.#figures();
    return { isConnected: this.#connected, bytesIn, bytesOut };
  }

  /** Undefined once the consumer is gone. */
  describe(): Omit<LiveSession, "endpointId"> | undefined {
    const [source, node] = [peerOf(this.#client), this.#connected ? peerOf(this.#node) : undefined];
    const { localPort: clientPort } = this.#client;
    if (!source || clientPort === undefined) return undefined;
    const isClosing = this.#client.readableEnded || this.#node?.readableEnded;
    return {
      source,
      clientPort,
      ...(node ? { node } : {}),
      ...this.#figures(),
      idleMs: this.#idleMs(),
      state: !this.#connected ? "opening" : isClosing ? "closing" : "established",
    };
  }

  /** What the session is sorted by; finding out its source costs a system call. */
  sortKey(order: SessionOrder): SortKey {
    if (order !== "source") return sortKeyOf({ ...this.#figures(), idleMs: this.#idleMs() }, order);
    const source = peerOf(this.#client);
    return sortKeyOf(source ? { source } : {}, order);
  }

  /** Whether it is this one. */
  is({ source, clientPort }: SessionKey): boolean {
    const client = this.#client;
    return (
      client.remotePort === source.port &&
      client.localPort === clientPort &&
      client.remoteAddress === source.host
    );
  }

  /** What there is to record once it is over; undefined where the host does not record. */
  record(): Omit<FlowRecord, "endpointId"> | undefined {
    if (!this.#source) return undefined;
    return {
      source: this.#source,
      ...(this.#target ? { node: this.#target } : {}),
      ...this.#figures(),
      endedAt: wallTime(this.#host.now()),
      reason: this.#reason,
    };
  }

  /** Tries the nodes one after the other. Nothing is read from the consumer before one has accepted. */
  connect(): void {
    const next = this.#nodes.next();
    if (next.done === true) {
      this.#host.noNode(this);
      void this.reset("unanswered");
      return;
    }
    const { host, port } = next.value;
    this.#trying = next.value;
    this.#chosen = next.value;
    this.#progressMs = this.#host.now();
    const node = connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      autoSelectFamily: false,
      onread: this.#outbound.onread,
    });
    this.#node = node;
    node.on("connect", () => this.#carry(node));
    node.on("error", (error: NodeJS.ErrnoException) => this.#nodeFailed(node, error));
    node.on("close", () => this.#closed(node));
  }

  /**
   * Ends the session with RST on both sides, and for a reason that is recorded. Returns null when not one byte passes any more, or a promise of it.
   */
  reset(reason: EndReason = "severed"): Promise<unknown> | null {
    if (this.#over) return null;
    this.#reason = reason;
    const client = reset(this.#client);
    const node = this.#resetNode();
    this.#end();
    return client === null && node === null ? null : Promise.all([client, node]);
  }

  /**
   * Says FIN to the consumer where the session is at rest: nothing passed since the last call, and the node spoke last, or
   * nobody did. A client that keeps the connection for later requests drops it then, as it would with any server.
   */
  closeAtRest(): void {
    const bytes = this.#inbound.movedBytes + this.#outbound.movedBytes;
    const isAtRest = this.#connected && bytes === this.#restingBytes && !this.#awaitsAnswer;
    this.#restingBytes = bytes;
    if (isAtRest && !this.#over && this.#client.writableLength === 0) passEnd(this.#client);
  }

  /** Does what is due by time: gives up on a node that does not answer, resets an idle session, asks for life signs. */
  sweep(): void {
    const now = this.#host.now();
    if (!this.#connected) {
      if (now - this.#progressMs >= this.#host.settings.connectTimeoutMs) this.#nodeTimedOut();
      return;
    }
    const bytes = this.#inbound.movedBytes + this.#outbound.movedBytes;
    if (bytes !== this.#seenBytes) {
      this.#seenBytes = bytes;
      this.#progressMs = now;
    } else if (now - this.#progressMs >= this.#host.settings.idleTimeoutMs) {
      void this.reset("idle_timeout");
      return;
    }
    if (!this.#keptAlive) this.#keepAlive(now - this.startedMs);
  }

  #carry(node: Socket): void {
    const client = this.#client;
    this.#connected = true;
    if (this.#host.isRecording) this.#target = peerOf(node);
    this.#trying = null;
    this.#progressMs = this.#host.now();
    this.#inbound.join(client, node);
    this.#outbound.join(node, client);
    client.on("end", () => passEnd(node));
    node.on("end", () => passEnd(client));
    client.resume();
  }

  #nodeFailed(node: Socket, error: NodeJS.ErrnoException): void {
    // An attempt that was given up still reports its end.
    if (this.#over || node !== this.#node) return;
    if (this.#connected) {
      void this.reset(reasonOf(error));
      return;
    }
    if (this.#trying !== null && !ownShortage.has(error.code ?? "")) this.#host.nodeUnreachable(this.#trying);
    this.#node = null;
    this.connect();
  }

  #nodeTimedOut(): void {
    const node = this.#node;
    if (this.#trying !== null) this.#host.nodeUnreachable(this.#trying);
    this.#node = null;
    node?.destroy();
    this.connect();
  }

  #figures(): { readonly startedAt: number; readonly bytesIn: number; readonly bytesOut: number } {
    return {
      startedAt: wallTime(this.startedMs),
      bytesIn: this.#inbound.movedBytes,
      bytesOut: this.#outbound.movedBytes,
    };
  }

  /** As the sweeps see it, which come every second at the latest: noting the time of each chunk would cost something. */
  #idleMs(): number {
    if (this.#inbound.movedBytes + this.#outbound.movedBytes !== this.#seenBytes) return 0;
    return Math.round(this.#host.now() - this.#progressMs);
  }

  #resetNode(): Promise<void> | null {
    if (this.#node === null) return null;
    // A reset of a socket that still connects would wait for the connection; nothing was sent on it yet.
    if (this.#connected) return reset(this.#node);
    this.#node.destroy();
    return null;
  }

  #keepAlive(ageMs: number): void {
    const { keepAliveMs } = this.#host.settings;
    if (ageMs < Math.min(keepAliveAgeMs, keepAliveMs)) return;
    this.#keptAlive = true;
    this.#client.setKeepAlive(true, keepAliveMs);
    this.#node?.setKeepAlive(true, keepAliveMs);
  }

  #closed(socket: Socket): void {
    if (socket === this.#client) this.#clientClosed = true;
    if (socket === this.#node) this.#nodeClosed = true;
    if (!this.#clientClosed || !this.#nodeClosed) return;
    this.#inbound.release();
    this.#outbound.release();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.ended(this);
  }
}

/** Milliseconds since the epoch of what the host's clock says. */
function wallTime(nowMs: number): number {
  return Math.round(performance.timeOrigin + nowMs);
}

/** An end that does not answer keepalive any more is silent; every other failure breaks the connection off. */
function reasonOf({ code }: NodeJS.ErrnoException): EndReason {
  return code === "ETIMEDOUT" ? "idle_timeout" : "reset";
}

function peerOf(socket: Socket | null): SessionPeer | undefined {
  const [host, port] = [socket?.remoteAddress, socket?.remotePort];
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** Passes a FIN on. The second one of a session closes the socket at once: that says the same with less work. */
function passEnd(target: Socket): void {
  if (target.readableEnded && target.writableLength === 0) target.destroy();
  else target.end();
}
