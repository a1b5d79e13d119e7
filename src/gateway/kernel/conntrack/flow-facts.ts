import { findAttribute, findNested, readLong, readWord } from "../netlink/attributes.ts";

/** What choosing among flows needs to know of one, read without making more than this: there may be a million. */
export interface FlowFacts {
  /** The endpoint's number. */
  readonly mark: number;
  /** As in {@link Flow}; undefined where the message does not tell. */
  readonly tcpState: number | undefined;
  /** Nanoseconds since the epoch, rounded; 0 where the kernel does not note it. */
  readonly startedNs: number;
  /** In both directions. */
  readonly bytes: number;
  /** As in {@link Flow}. */
  readonly secondsLeft: number | undefined;
}

// uapi/linux/netfilter/nfnetlink_conntrack.h
const statePath = [4, 1, 1];
const startPath = [20, 1];
const bytesPaths = [
  [9, 2],
  [10, 2],
];
const timeoutAttribute = 7;
const markAttribute = 8;

/** @param attributes those of a ctnetlink message @returns undefined for what has no mark */
export function readFacts(attributes: Buffer): FlowFacts | undefined {
  const mark = readMark(attributes);
  if (mark === 0) return undefined;
  const read = (path: readonly number[]): number =>
    readLong(attributes, findNested(attributes, path, 0, attributes.length));
  const left = findAttribute(attributes, timeoutAttribute, 0, attributes.length);
  return {
    mark,
    tcpState: readTcpState(attributes),
    startedNs: read(startPath),
    bytes: bytesPaths.reduce((sum, path) => sum + read(path), 0),
    secondsLeft: left < 0 ? undefined : readWord(attributes, left),
  };
}

/** 0 where there is none. */
export function readMark(attributes: Buffer): number {
  return readWord(attributes, findAttribute(attributes, markAttribute, 0, attributes.length));
}

/** Number of the conntrack state; undefined where the message does not tell. */
export function readTcpState(attributes: Buffer): number | undefined {
  const state = findNested(attributes, statePath, 0, attributes.length);
  return state < 0 || attributes.readUInt16LE(state) < 5 ? undefined : attributes[state + 4];
}
