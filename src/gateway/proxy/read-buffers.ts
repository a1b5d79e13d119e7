const smallRead = 64 * 1024;
const largeRead = 256 * 1024;
/** Up to here a copy comes out of Node's own pool, which is cheaper than a list of ours. */
const pooledByNode = 4 * 1024;
/** Bytes in flight in one worker from which sessions get no large reads any more. */
const inFlightLimit = 64 * 1024 * 1024;
const keptOfEachSize = 64;

/**
 * The memory through which the sessions of one worker carry their bytes.
 *
 * All sessions read into the same memory, so a session that is silent holds none. What was read is copied into
 * a buffer that is held only until the kernel has taken it. With bulk that is faster than Node's own allocation
 * of 64 KiB a read, and about as fast as private read buffers, which sessions would keep when they fall silent.
 */
export class ReadBuffers {
  /** What a session reads into as long as it says little. */
  readonly small: Buffer;
  readonly #large: Buffer;
  readonly #freeSmall: Buffer[] = [];
  readonly #freeLarge: Buffer[] = [];
  #inFlightBytes = 0;

  constructor() {
    this.#large = Buffer.allocUnsafeSlow(largeRead);
    this.small = this.#large.subarray(0, smallRead);
  }

  /** Returns what to read into after a read of `length` bytes: large only for those who fill the small one. */
  next(length: number): Buffer {
    return length >= smallRead && this.#inFlightBytes < inFlightLimit ? this.#large : this.small;
  }

  /** Returns a copy of the first `length` bytes. The caller gives it back once it has been written. */
  copy(source: Uint8Array, length: number): Buffer {
    const whole = this.#take(length);
    this.#inFlightBytes += whole.length;
    whole.set(length === source.length ? source : source.subarray(0, length));
    return whole.length === length ? whole : whole.subarray(0, length);
  }

  /** Takes back what `copy` returned, exactly once, when nobody reads it any more. */
  giveBack(copy: Buffer): void {
    const memory = copy.buffer;
    this.#inFlightBytes -= copy.length <= pooledByNode ? copy.length : memory.byteLength;
    if (copy.length <= pooledByNode) return;
    const free = memory.byteLength === smallRead ? this.#freeSmall : this.#freeLarge;
    if (free.length < keptOfEachSize) free.push(Buffer.from(memory));
  }

  /** Bytes of copies that have not been given back. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  #take(length: number): Buffer {
    if (length <= pooledByNode) return Buffer.allocUnsafe(length);
    if (length <= smallRead) return this.#freeSmall.pop() ?? Buffer.allocUnsafeSlow(smallRead);
    return this.#freeLarge.pop() ?? Buffer.allocUnsafeSlow(largeRead);
  }
}
