const headerLength = 16;
const attributeHeaderLength = 4;
const nestedFlag = 0x8000;
const firstCapacity = 4_096;

/**
 * Writes netlink messages one after another into one growing buffer (netlink(7); attributes as in nla_put of the
 * kernel). Integers of attributes are big-endian as nfnetlink has them, those of headers in the machine's own order,
 * which is little-endian on everything that Node supports Linux on.
 */
export class MessageWriter {
  #buffer = Buffer.allocUnsafe(firstCapacity);
  #length = 0;
  #messageStart = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins a message; `end` is to follow. */
  begin(type: number, flags: number, sequence: number): void {
    this.#reserve(headerLength);
    this.#messageStart = this.#length;
    this.#buffer.writeUInt16LE(type, this.#length + 4);
    this.#buffer.writeUInt16LE(flags, this.#length + 6);
    this.#buffer.writeUInt32LE(sequence, this.#length + 8);
    this.#buffer.writeUInt32LE(0, this.#length + 12);
    this.#length += headerLength;
  }

  end(): void {
    this.#buffer.writeUInt32LE(this.#length - this.#messageStart, this.#messageStart);
  }

  /** The header of nfnetlink messages, after the message's own. @param resource 0 but for batches */
  nfnetlink(family: number, resource = 0): void {
    this.#reserve(4);
    this.#buffer.writeUInt8(family, this.#length);
    this.#buffer.writeUInt8(0, this.#length + 1);
    this.#buffer.writeUInt16BE(resource, this.#length + 2);
    this.#length += 4;
  }

  /** Appends bytes as they are: the headers of other families than nfnetlink. @param bytes a multiple of four */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Opens a nested attribute; returns what `close` wants. */
  open(type: number): number {
    this.#reserve(attributeHeaderLength);
    const start = this.#length;
    this.#buffer.writeUInt16LE(type | nestedFlag, start + 2);
    this.#length += attributeHeaderLength;
    return start;
  }

  /** Closes a nested attribute. @throws RangeError where it holds more than an attribute can (65,535 bytes) */
  close(start: number): void {
    this.#buffer.writeUInt16LE(this.#length - start, start);
  }

  u32(type: number, value: number): void {
    const at = this.#attribute(type, 4);
    this.#buffer.writeUInt32BE(value >>> 0, at);
  }

  u64(type: number, value: bigint): void {
    const at = this.#attribute(type, 8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  data(type: number, value: Uint8Array): void {
    const at = this.#attribute(type, value.length);
    this.#buffer.set(value, at);
  }

  /** With the zero byte that ends C strings. @param value ASCII */
  text(type: number, value: string): void {
    const at = this.#attribute(type, value.length + 1);
    this.#buffer.write(value, at, "latin1");
    this.#buffer.writeUInt8(0, at + value.length);
  }

  /** Returns where the value goes. */
  #attribute(type: number, valueLength: number): number {
    const padded = (valueLength + 3) & ~3;
    this.#reserve(attributeHeaderLength + padded);
    const start = this.#length;
    this.#buffer.writeUInt16LE(attributeHeaderLength + valueLength, start);
    this.#buffer.writeUInt16LE(type, start + 2);
    const at = start + attributeHeaderLength;
    this.#buffer.fill(0, at + valueLength, at + padded);
    this.#length = at + padded;
    return at;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
