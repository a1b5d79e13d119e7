import { setImmediate as nextTurn } from "node:timers/promises";
import { getSystemErrorName } from "node:util";
import { socketFamily, socketType, SystemCallError, type Descriptor, type Libc } from "../libc.ts";
import { forEachAttribute, readText } from "./attributes.ts";

export const netlinkProtocol = { route: 0, netfilter: 12 } as const;
export const messageFlag = {
  request: 1,
  ack: 4,
  root: 0x100,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
} as const;
const typeError = 2;
const typeDone = 3;
const extendedAckFlag = 0x200;
const capFlag = 0x100;
const headerLength = 16;

const solSocket = 1;
const sendBufferForce = 32;
const receiveBufferForce = 33;
const solNetlink = 270;
const joinOption = 1;
const capAckOption = 10;
const extendedAckOption = 11;
const strictCheckOption = 12;

const receiveBufferBytes = 8 * 1024 * 1024;
/** The kernel answers while the request is sent; silence for this long is a defect. */
const answerTimeoutMs = 10_000;
const trimFlag = 0x20;
const dontWait = 0x40;
/** Of a long list, some 10,000 entries: a few milliseconds. */
const datagramsPerTurn = 64;

/** A request that the kernel refused. */
export class NetlinkError extends Error {
  /** As in errno(3). */
  readonly code: string;
  /** Sequence number of the message that was refused. */
  readonly sequence: number;

  constructor(errno: number, sequence: number, detail: string | undefined) {
    const code = getSystemErrorName(-errno);
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = "NetlinkError";
    this.code = code;
    this.sequence = sequence;
  }
}

interface Message {
  readonly type: number;
  readonly sequence: number;
  /** With its header. */
  readonly bytes: Buffer;
}

/** Takes one message of a list: its type and what follows its header; valid during the call. */
export type Receive = (type: number, payload: Buffer) => void;

/** A netlink socket of the network namespace that the thread was in when it was opened. */
export class NetlinkSocket {
  readonly #libc: Libc;
  readonly #socket: Descriptor;
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  #sendBufferBytes = 0;
  #sequence = 1;

  private constructor(libc: Libc, socket: Descriptor) {
    this.#libc = libc;
    this.#socket = socket;
  }

  /**
   * @param bufferBytes kernel memory for what waits to be received, from 4,096
   * @throws SystemCallError EPERM where the process lacks CAP_NET_ADMIN for its buffers
   */
  static open(libc: Libc, protocol: number, bufferBytes = receiveBufferBytes): NetlinkSocket {
    const socket = libc.socket(socketFamily.netlink, socketType.raw, protocol);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(socketFamily.netlink, 0);
    libc.bind(socket, address);
    libc.setReceiveTimeout(socket, answerTimeoutMs);
    libc.setOption(socket, solSocket, receiveBufferForce, int32(bufferBytes));
    libc.setOption(socket, solNetlink, capAckOption, int32(1));
    libc.setOption(socket, solNetlink, extendedAckOption, int32(1));
    // Without it, lists of routes ignore what they are filtered by.
    libc.setOption(socket, solNetlink, strictCheckOption, int32(1));
    return new NetlinkSocket(libc, socket);
  }

  /** A number for the next message; each is given once. */
  nextSequence(): number {
    this.#sequence = (this.#sequence % 0xffff_fffe) + 1;
    return this.#sequence;
  }

  /**
   * Sends messages at once, and waits until the one numbered `last`, which has to ask for it, is acknowledged.
   * @throws NetlinkError the first refusal; SystemCallError
   */
  transact(messages: Buffer, last: number): void {
    this.askEach(
      messages,
      last,
      () => false,
      () => undefined,
    );
  }

  /**
   * Sends messages that stand each for itself, of which the one numbered `last` has to ask to be acknowledged. Returns
   * the refusals. @throws SystemCallError
   */
  transactEach(messages: Buffer, last: number): readonly NetlinkError[] {
    const refusals: NetlinkError[] = [];
    const keep = (refusal: NetlinkError): boolean => refusals.push(refusal) > 0;
    this.askEach(messages, last, keep, () => undefined);
    return refusals;
  }

  /**
   * Sends requests that stand each for itself, all of which have to ask to be acknowledged, and calls `receive` for every
   * answer until the one numbered `last` is acknowledged.
   * @param isFine whether a refusal is an answer like any other
   * @throws NetlinkError another refusal; SystemCallError
   */
  askEach(requests: Buffer, last: number, isFine: (error: NetlinkError) => boolean, receive: Receive): void {
    this.#send(requests);
    for (;;) {
      for (const { type, sequence, bytes } of this.#receive()) {
        if (type !== typeError) receive(type, bytes.subarray(headerLength));
        const refusal = type === typeError ? readError(bytes, sequence) : undefined;
        if (refusal && !isFine(refusal)) {
          this.#drain();
          throw refusal;
        }
        if (type === typeError && sequence === last) return;
      }
    }
  }

  /** Sends one request for a list, and calls `receive` for all of it. @throws NetlinkError, SystemCallError */
  dump(request: Buffer, sequence: number, receive: Receive): void {
    this.#send(request);
    while (!this.#takeListed(sequence, receive));
  }

  /**
   * As `dump`, for lists so long that others have to get their turn in between. The socket is for nothing else until
   * the promise settles.
   */
  async dumpInTurns(request: Buffer, sequence: number, receive: Receive): Promise<void> {
    this.#send(request);
    for (let datagrams = 1; !this.#takeListed(sequence, receive); datagrams += 1) {
      if (datagrams % datagramsPerTurn === 0) await nextTurn();
    }
  }

  /** From now on the socket gets what the kernel tells a group; it is for nothing else then. @throws SystemCallError */
  join(group: number): void {
    this.#libc.setOption(this.#socket, solNetlink, joinOption, int32(group));
  }

  /** Lets a program decide which messages the socket gets: see {@link Libc.attachFilter}. @throws SystemCallError */
  attachFilter(program: Buffer): void {
    this.#libc.attachFilter(this.#socket, program);
  }

  /**
   * Takes what a group was told, without waiting.
   * @param limit most datagrams
   * @param receive takes each message, with its header; valid during the call
   * @returns `overrun` where messages were lost before those that come next
   * @throws SystemCallError
   */
  takeTold(limit: number, receive: (message: Buffer) => void): "empty" | "more" | "overrun" {
    for (let taken = 0; taken < limit; taken += 1) {
      try {
        for (const { bytes } of this.#receive(dontWait)) receive(bytes);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        if (error.code === "EAGAIN") return "empty";
        if (error.code === "ENOBUFS") return "overrun";
        throw error;
      }
    }
    return "more";
  }

  close(): void {
    this.#libc.close(this.#socket);
  }

  /** Takes one datagram of a list; returns whether it was the last one. */
  #takeListed(sequence: number, receive: Receive): boolean {
    for (const { type, sequence: answered, bytes } of this.#receive()) {
      if (answered !== sequence) continue;
      if (type !== typeDone && type !== typeError) {
        receive(type, bytes.subarray(headerLength));
        continue;
      }
      const refusal = readError(bytes, answered);
      if (refusal) throw refusal;
      return true;
    }
    return false;
  }

  #send(messages: Buffer): void {
    // The kernel takes a message, however long, in one piece or not at all.
    const needed = messages.length * 2 + 64 * 1024;
    if (needed > this.#sendBufferBytes) {
      this.#libc.setOption(this.#socket, solSocket, sendBufferForce, int32(needed));
      this.#sendBufferBytes = needed;
    }
    this.#libc.send(this.#socket, messages);
  }

  /** Takes what else a refused batch has brought, so that the next one does not read it. */
  #drain(): void {
    try {
      for (;;) this.#libc.receive(this.#socket, this.#buffer, dontWait);
    } catch {
      // Nothing left.
    }
  }

  /** Returns the messages of one datagram; valid until the next call. */
  #receive(flags = 0): readonly Message[] {
    const length = this.#libc.receive(this.#socket, this.#buffer, trimFlag | flags);
    if (length > this.#buffer.length) throw new RangeError(`a netlink message of ${length} bytes was cut`);
    const messages: Message[] = [];
    for (let at = 0; at + headerLength <= length;) {
      const size = this.#buffer.readUInt32LE(at);
      if (size < headerLength || at + size > length) break;
      const bytes = this.#buffer.subarray(at, at + size);
      messages.push({ type: bytes.readUInt16LE(4), sequence: bytes.readUInt32LE(8), bytes });
      at += (size + 3) & ~3;
    }
    return messages;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Returns undefined for an acknowledgement. */
function readError(message: Buffer, sequence: number): NetlinkError | undefined {
  if (message.length < headerLength + 4) return undefined;
  const errno = -message.readInt32LE(headerLength);
  return errno > 0 ? new NetlinkError(errno, sequence, detailOf(message)) : undefined;
}

/** What the kernel says in words (NLMSGERR_ATTR_MSG), where it says something. */
function detailOf(message: Buffer): string | undefined {
  const flags = message.readUInt16LE(6);
  if ((flags & extendedAckFlag) === 0) return undefined;
  const inner = headerLength + 4;
  const isCapped = (flags & capFlag) !== 0;
  const skipped = isCapped ? headerLength : (message.readUInt32LE(inner) + 3) & ~3;
  let detail: string | undefined;
  forEachAttribute(message.subarray(inner + skipped), (type, value) => {
    if (type === 1) detail = readText(value);
  });
  return detail;
}
