import { isIPv4 } from "node:net";
import { encode } from "dns-packet";
import { classAny, classIn, headerBytes, type } from "../wire.ts";
import { number16, wireName } from "./tsig.ts";

/** What a name is to have from now on; nothing where there are no addresses. */
export interface NameChange {
  readonly name: string;
  readonly addresses: readonly string[];
}

const opcodeUpdate = 5 << 11;

/**
 * Returns the message that gives names their addresses, whatever addresses they had (RFC 2136). Records of other types
 * are left alone. Either all of it is done or nothing.
 * @param changes at most 100
 */
export function updateMessage(
  id: number,
  zone: string,
  changes: readonly NameChange[],
  ttlS: number,
): Buffer {
  const records = changes.flatMap(({ name, addresses }) => [
    withoutType(name, type.a),
    withoutType(name, type.aaaa),
    ...addresses.map((address) => addressRecord(name, address, ttlS)),
  ]);
  const question = Buffer.concat([wireName(zone), number16(type.soa), number16(classIn)]);
  return Buffer.concat([header(id, opcodeUpdate, records.length), question, ...records]);
}

/** Returns the question for everything that a zone has (RFC 5936). */
export function transferQuery(id: number, zone: string): Buffer {
  return Buffer.concat([header(id, 0, 0), wireName(zone), number16(type.axfr), number16(classIn)]);
}

function header(id: number, flags: number, updates: number): Buffer {
  return Buffer.concat([id, flags, 1, 0, updates, 0].map(number16));
}

/** "Delete an RRset", RFC 2136, section 2.5.2. */
function withoutType(name: string, kind: number): Buffer {
  return Buffer.concat([wireName(name), number16(kind), number16(classAny), Buffer.alloc(6)]);
}

function addressRecord(name: string, address: string, ttl: number): Buffer {
  const kind = isIPv4(address) ? "A" : "AAAA";
  return encode({ answers: [{ type: kind, name, ttl, data: address }] }).subarray(headerBytes);
}
