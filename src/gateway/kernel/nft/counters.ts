import { findAttribute, findNested, readLong } from "../netlink/attributes.ts";

export interface Count {
  readonly packets: number;
  /** Exact up to 2^53. */
  readonly bytes: number;
}

// uapi/linux/netfilter/nf_tables.h
const listElements = 3;
const keyPath = [1, 1];
/** Kernels give a counter in the one attribute or in the other. */
const counterPaths = [
  [7, 2],
  [11, 1, 2],
];
const bytesAttribute = 1;
const packetsAttribute = 2;

/**
 * Reads the elements of one message of a list of counters, by the mark that is their key. Nothing but the result is
 * made: 100,000 elements are read some twenty times a report.
 * @param payload what follows the message's header @param into where they are noted
 */
export function readCounters(payload: Buffer, into: Map<number, Count>): void {
  const list = findAttribute(payload, listElements, 4, payload.length);
  if (list < 0) return;
  const end = list + payload.readUInt16LE(list);
  let item = list + 4;
  while (item + 4 <= end) {
    const length = payload.readUInt16LE(item);
    if (length < 4 || item + length > end) return;
    readCounter(payload, item + 4, item + length, into);
    item += (length + 3) & ~3;
  }
}

function readCounter(payload: Buffer, from: number, to: number, into: Map<number, Count>): void {
  const key = findNested(payload, keyPath, from, to);
  if (key < 0 || payload.readUInt16LE(key) < 8) return;
  for (const path of counterPaths) {
    const counter = findNested(payload, path, from, to);
    if (counter < 0) continue;
    const end = counter + payload.readUInt16LE(counter);
    into.set(payload.readUInt32LE(key + 4), {
      packets: readLong(payload, findAttribute(payload, packetsAttribute, counter + 4, end)),
      bytes: readLong(payload, findAttribute(payload, bytesAttribute, counter + 4, end)),
    });
    return;
  }
}
