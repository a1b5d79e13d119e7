import type { OnReadOpts, Socket } from "node:net";
import type { ReadBuffers } from "./read-buffers.ts";

/**
 * One direction of a session: what `source` says, `target` hears, in order and with back-pressure.
 * At most one chunk is in flight; while it is, nothing more is read.
 */
export class Direction {
  /** Goes into the constructor of the source, so that it reads into the shared memory. */
  readonly onread: OnReadOpts;
  readonly #buffers: ReadBuffers;
  readonly #count: (bytes: number) => void;
  #readInto: Buffer;
  #source: Socket | null = null;
  #target: Socket | null = null;
  #lent: Buffer | null = null;
  #waiting = false;
  #movedBytes = 0;

  /** @param count hears the size of every chunk that was read */
  constructor(buffers: ReadBuffers, count: (bytes: number) => void) {
    this.#buffers = buffers;
    this.#count = count;
    this.#readInto = buffers.small;
    this.onread = {
      buffer: () => this.#readInto,
      callback: (length, memory) => this.#forwardCopy(length, memory),
    };
  }

  /** Bytes read so far. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  /** Names the two ends, before the source starts to read. */
  join(source: Socket, target: Socket): void {
    this.#source = source;
    this.#target = target;
  }

  /** For a source that could not be given `onread`: its chunks are fresh memory and are not copied. */
  listen(source: Socket): void {
    source.on("data", (chunk: Buffer) => {
      this.#counted(chunk.length);
      if (!this.#write(chunk)) source.pause();
    });
  }

  /** Gives back what is in flight. Only after both sockets are closed: until then the kernel may read it. */
  release(): void {
    if (this.#lent !== null) this.#buffers.giveBack(this.#lent);
    this.#lent = null;
  }

  /** Returns false to stop reading: Node then waits for `resume`. */
  #forwardCopy(length: number, memory: Uint8Array): boolean {
    this.#counted(length);
    this.#readInto = this.#buffers.next(length);
    this.#lent = this.#buffers.copy(memory, length);
    return this.#write(this.#lent);
  }

  #counted(bytes: number): void {
    this.#movedBytes += bytes;
    this.#count(bytes);
  }

  /** Returns whether the kernel took the whole chunk at once, which is the rule. */
  #write(chunk: Buffer): boolean {
    const target = this.#target;
    if (target === null) return false;
    target.write(chunk, this.#written);
    if (target.writableLength === 0) {
      this.release();
      return true;
    }
    this.#waiting = true;
    return false;
  }

  /**
   * Called after every write, also after one that `#write` has settled already. One that comes late,
   * while a later chunk is in flight, must not release that one: hence the look at what is left to write.
   */
  readonly #written = (): void => {
    if (!this.#waiting || this.#target === null || this.#target.writableLength > 0) return;
    this.#waiting = false;
    this.release();
    this.#source?.resume();
  };
}
