import { createHmac, timingSafeEqual } from "node:crypto";
import { classAny, headerBytes, nameKey, readName, skipName, type } from "../wire.ts";

/** A secret that is shared with a name server; always with hmac-sha256. */
export interface TsigKey {
  /** Its name, as the name server knows it too. */
  readonly name: string;
  readonly secret: Buffer;
}

const algorithm = wireName("hmac-sha256");
/** How far the two clocks may be apart, in seconds (RFC 8945, section 10). */
const fudgeS = 300;
const macBytes = 32;
/** Type, class, TTL and length, which stand between a record's name and its data. */
const recordHeadBytes = 10;
/** Most messages in a row without a signature (RFC 8945, section 5.3.1). */
const mostUnsigned = 99;

const refusals: Readonly<Record<number, string>> = {
  16: "The secrets of the key differ here and there: copy the name server's into the secret file.",
  17: "The name server has no such key: add it there, with the algorithm hmac-sha256.",
  18: `The clocks are more than ${fudgeS} s apart: set this host's and the name server's by NTP.`,
  22: "The name server does not accept a signature of that length: let it accept hmac-sha256 whole.",
};

/** An answer whose signature does not hold, or tells why the question's did not. */
export class TsigError extends Error {}

/** Signs a message (RFC 8945). Returns it with its TSIG record, and the signature that the answer's builds on. @param nowS seconds of 1970 */
export function sign(message: Buffer, key: TsigKey, nowS: number): { message: Buffer; mac: Buffer } {
  const times = timesOf(nowS, fudgeS);
  const mac = hmac(key, [message, variables(key, times, 0, Buffer.alloc(0))]);
  const data = [
    algorithm,
    times,
    number16(mac.length),
    mac,
    message.subarray(0, 2),
    number16(0),
    number16(0),
  ];
  const length = data.reduce((sum, { length: bytes }) => sum + bytes, 0);
  const head = Buffer.concat([number16(type.tsig), number16(classAny), Buffer.alloc(4), number16(length)]);
  const signed = Buffer.concat([message, wireName(key.name), head, ...data]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { message: signed, mac };
}

/** Checks the signatures of the messages that answer one question, one after another. */
export class TsigVerifier {
  readonly #key: TsigKey;
  #mac: Buffer;
  #isFirst = true;
  #unsigned: Buffer[] = [];

  /** @param mac signature of the question */
  constructor(key: TsigKey, mac: Buffer) {
    this.#key = key;
    this.#mac = mac;
  }

  /** Whether all that was taken so far came with a signature that holds. */
  get isSettled(): boolean {
    return !this.#isFirst && this.#unsigned.length === 0;
  }

  /** Returns the message without its TSIG record. @throws TsigError */
  take(message: Buffer, nowS: number): Buffer {
    const found = readTsig(message);
    if (!found) {
      if (this.#isFirst) throw new TsigError("The name server's answer has no signature.");
      this.#unsigned.push(message);
      if (this.#unsigned.length > mostUnsigned)
        throw new TsigError("Too many messages of the name server's answer have no signature.");
      return message;
    }
    const { bare, mac, times, error } = found;
    if (mac.length === 0 && error !== 0) throw new TsigError(refusalOf(error));
    if (found.name !== nameKey(this.#key.name) || !found.algorithm.equals(algorithm))
      throw new TsigError("The name server's answer is signed with another key.");
    const own = this.#isFirst ? variables(this.#key, times, error, found.other) : times;
    const before = [number16(this.#mac.length), this.#mac, ...this.#unsigned];
    const expected = hmac(this.#key, [...before, bare, own]);
    if (mac.length !== macBytes || !timingSafeEqual(mac, expected))
      throw new TsigError("The signature of the name server's answer does not hold.");
    if (error !== 0) throw new TsigError(refusalOf(error));
    if (Math.abs(nowS - times.readUIntBE(0, 6)) > times.readUInt16BE(6)) throw new TsigError(refusalOf(18));
    [this.#mac, this.#unsigned, this.#isFirst] = [mac, [], false];
    return bare;
  }
}

interface Tsig {
  /** The message as it was signed. */
  readonly bare: Buffer;
  readonly name: string;
  readonly algorithm: Buffer;
  readonly times: Buffer;
  readonly mac: Buffer;
  readonly error: number;
  readonly other: Buffer;
}

/** Undefined where the last record is no TSIG record. @throws TsigError where what came is no message */
function readTsig(message: Buffer): Tsig | undefined {
  try {
    const start = lastRecord(message);
    if (start === undefined) return undefined;
    const owner = readName(message, start);
    if (!owner || message.readUInt16BE(owner.end) !== type.tsig) return undefined;
    const dataStart = owner.end + recordHeadBytes;
    const algorithmEnd = skipName(message, dataStart) ?? message.length;
    const macStart = algorithmEnd + 10;
    const macEnd = macStart + message.readUInt16BE(algorithmEnd + 8);
    const otherStart = macEnd + 6;
    const otherEnd = otherStart + message.readUInt16BE(macEnd + 4);
    if (otherEnd > message.length) throw new RangeError("cut off");
    const bare = Buffer.from(message.subarray(0, start));
    message.copy(bare, 0, macEnd, macEnd + 2);
    bare.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
    return {
      bare,
      name: owner.key,
      algorithm: Buffer.from(message.toString("latin1", dataStart, algorithmEnd).toLowerCase(), "latin1"),
      times: message.subarray(algorithmEnd, algorithmEnd + 8),
      mac: message.subarray(macStart, macEnd),
      error: message.readUInt16BE(macEnd + 2),
      other: message.subarray(otherStart, otherEnd),
    };
  } catch (error) {
    throw new TsigError("What the name server answered is no DNS message.", { cause: error });
  }
}

/** Returns where the last of a message's records begins; undefined where it has none. @throws RangeError where it is cut off */
function lastRecord(message: Buffer): number | undefined {
  let at = headerBytes;
  for (let left = message.readUInt16BE(4); left > 0; left -= 1) at = nameEnd(message, at) + 4;
  let start: number | undefined;
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = count; left > 0; left -= 1) {
    start = at;
    const end = nameEnd(message, at);
    at = end + recordHeadBytes + message.readUInt16BE(end + 8);
  }
  if (at !== message.length) throw new RangeError("no whole number of records");
  // TSIG is the last of the additional records, or nowhere.
  return message.readUInt16BE(10) === 0 ? undefined : start;
}

function nameEnd(message: Buffer, start: number): number {
  const end = skipName(message, start);
  if (end === undefined) throw new RangeError("no name");
  return end;
}

function refusalOf(error: number): string {
  return refusals[error] ?? `The name server does not accept the signature (TSIG error ${error}).`;
}

/** What is signed besides the message (RFC 8945, section 4.3.3). */
function variables(key: TsigKey, times: Buffer, error: number, other: Buffer): Buffer {
  const head = [wireName(key.name), number16(classAny), Buffer.alloc(4), algorithm];
  return Buffer.concat([...head, times, number16(error), number16(other.length), other]);
}

function timesOf(nowS: number, fudge: number): Buffer {
  const times = Buffer.alloc(8);
  times.writeUIntBE(nowS, 0, 6);
  times.writeUInt16BE(fudge, 6);
  return times;
}

function hmac(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const digest = createHmac("sha256", key.secret);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** @param name of letters, digits, hyphens, underscores and dots */
export function wireName(name: string): Buffer {
  return Buffer.from(`${nameKey(name)}\0`, "latin1");
}

export function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
