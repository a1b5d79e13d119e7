import type { Socket } from "node:net";
import type { Respond } from "./datagrams.ts";

const lengthBytes = 2;
/** Queries are a few hundred bytes long; whoever announces more than this is not asking for names. */
const mostQueryBytes = 4_096;
/** So many queries are answered before others get their turn. */
const queriesAtOnce = 32;
/** An asker who does not read his answers is not read from either. */
const mostUnreadBytes = 65_536;

/**
 * Answers queries on one connection (RFC 7766): any number, one after another, without waiting for answers. The
 * connection ends when for `idleMs` no query was complete, however busily its bytes trickle in.
 */
export class StreamSession {
  readonly #socket: Socket;
  readonly #respond: Respond;
  readonly #deadline: NodeJS.Timeout;
  #pending: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor(socket: Socket, respond: Respond, idleMs: number) {
    this.#socket = socket;
    this.#respond = respond;
    this.#deadline = setTimeout(() => socket.destroy(), idleMs);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("drain", () => this.#goOn());
    socket.on("end", () => this.#end());
    socket.on("close", () => clearTimeout(this.#deadline));
    // Whoever goes away in the middle is no news.
    socket.on("error", () => undefined);
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#goOn();
  }

  /** Answers some of what has come, and sees to the rest later: when others had their turn, or when answers were read. */
  #goOn(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const replies: Buffer[] = [];
    let count = 0;
    while (count < queriesAtOnce) {
      const query = this.#nextQuery();
      if (!query) break;
      count += 1;
      const reply = this.#respond(query);
      if (reply) replies.push(withLength(reply));
    }
    if (count > 0) this.#deadline.refresh();
    if (replies.length > 0) socket.write(Buffer.concat(replies));
    if (socket.writableLength > mostUnreadBytes) socket.pause();
    else if (count === queriesAtOnce) {
      socket.pause();
      setImmediate(() => this.#goOn());
    } else if (this.#hasEnded) socket.end();
    else socket.resume();
  }

  #nextQuery(): Buffer | undefined {
    if (this.#pending.length < lengthBytes) return undefined;
    const end = lengthBytes + this.#pending.readUInt16BE(0);
    if (end > lengthBytes + mostQueryBytes) {
      this.#socket.destroy();
      return undefined;
    }
    if (this.#pending.length < end) return undefined;
    const query = this.#pending.subarray(lengthBytes, end);
    this.#pending = this.#pending.subarray(end);
    return query;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#goOn();
  }
}

function withLength(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes + message.length);
  bytes.writeUInt16BE(message.length, 0);
  message.copy(bytes, lengthBytes);
  return bytes;
}
