import { headerBytes, readName, skipName, type } from "./wire.ts";

/** What answering needs of a query. */
export interface Query {
  /** See `nameKey`. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends in the message: answers begin with what stands before. */
  readonly questionEnd: number;
  readonly edns: Edns | undefined;
}

export interface Edns {
  readonly version: number;
  /** The longest answer over UDP that the asker takes, in bytes. */
  readonly payloadBytes: number;
  readonly isDnssecWanted: boolean;
}

/** A query has one record besides its question, two where it is signed. */
const mostRecords = 8;
const recordBytes = 10;
const optionBytes = 4;

/**
 * Reads a query by hand: only what answering needs, forward only, no pointer is ever followed. So whatever the message
 * is, it takes a time that grows with its length at most.
 * @param message at least a header @returns undefined for what is malformed
 */
export function readQuery(message: Buffer): Query | undefined {
  if (message.readUInt16BE(4) !== 1) return undefined;
  const name = readName(message, headerBytes);
  if (!name || name.end + 4 > message.length) return undefined;
  const questionEnd = name.end + 4;
  const edns = readRecords(message, questionEnd);
  if (edns === "malformed") return undefined;
  return {
    name: name.key,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
    questionEnd,
    edns,
  };
}

function readRecords(message: Buffer, start: number): Edns | undefined | "malformed" {
  const before = message.readUInt16BE(6) + message.readUInt16BE(8);
  const count = before + message.readUInt16BE(10);
  if (count > mostRecords) return "malformed";
  let edns: Edns | undefined;
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const fixed = skipName(message, at);
    if (fixed === undefined || fixed + recordBytes > message.length) return "malformed";
    const end = fixed + recordBytes + message.readUInt16BE(fixed + 8);
    if (end > message.length) return "malformed";
    if (message.readUInt16BE(fixed) === type.opt) {
      // One, among the additional records, of the root (RFC 6891, section 6.1.1).
      if (edns || index < before || fixed !== at + 1 || !areOptionsWhole(message, fixed + recordBytes, end))
        return "malformed";
      edns = readEdns(message, fixed);
    }
    at = end;
  }
  return at === message.length ? edns : "malformed";
}

function readEdns(message: Buffer, fixed: number): Edns {
  return {
    payloadBytes: message.readUInt16BE(fixed + 2),
    version: message.readUInt8(fixed + 5),
    isDnssecWanted: (message.readUInt8(fixed + 6) & 0x80) !== 0,
  };
}

function areOptionsWhole(message: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at + optionBytes <= end) at += optionBytes + message.readUInt16BE(at + 2);
  return at === end;
}
