import type { Duplex } from "node:stream";

/** Nothing but `mark` sends this byte: whoever receives one has received what was marked. */
const markByte = 0xff;
const pumpChunk = Buffer.alloc(16 * 1024, "x");

/** One end of a raw session, the consumer's or the node's. */
export class RawPeer<Side extends Duplex = Duplex> {
  protected readonly socket: Side;
  #marks = 0;
  #receivedBytes = 0;
  #death: string | undefined;
  #failure = "closed";
  #hasHeardEnd = false;

  constructor(socket: Side) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#receivedBytes += chunk.length;
      for (let at = chunk.indexOf(markByte); at >= 0; at = chunk.indexOf(markByte, at + 1)) this.#marks += 1;
    });
    socket.on("end", () => (this.#hasHeardEnd = true));
    socket.on("error", (error: NodeJS.ErrnoException) => (this.#failure = error.code ?? error.message));
    socket.on("close", () => (this.#death = this.#failure));
  }

  /** How this end saw the connection end: an error code, or "closed" after an orderly end; undefined while it lives. */
  get death(): string | undefined {
    return this.#death;
  }

  /** Whether the other side has said its last word, or the connection is dead: nothing more can come. */
  get isOver(): boolean {
    return this.#hasHeardEnd || this.#death !== undefined;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** How many marks of the other side have come through. */
  get marks(): number {
    return this.#marks;
  }

  /** Sends one mark, if this end can still send at all. */
  mark(): void {
    if (this.socket.writable) this.socket.write(Buffer.of(markByte));
  }

  /** Sends as fast as the other side takes it, until the connection ends. */
  pump(): void {
    const fill = (): void => {
      while (this.socket.writable && this.socket.write(pumpChunk));
    };
    this.socket.on("drain", fill);
    fill();
  }

  close(): void {
    this.socket.destroy();
  }
}
