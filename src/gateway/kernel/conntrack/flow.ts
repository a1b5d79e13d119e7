import { Address6 } from "ip-address";
import { ipv4FromNumber } from "../../../lib/ipv4.ts";
import { findAttribute, findNested, readLong, readWord } from "../netlink/attributes.ts";
import { readMark, readTcpState } from "./flow-facts.ts";

/** One direction of a flow. */
export interface Tuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

/** A TCP connection as the kernel's connection tracking knows it. */
export interface Flow {
  /** As the consumer sees it: he, and the endpoint's address. */
  readonly original: Tuple;
  /** As the node sees it, from the node's side: the node, and the gateway's address. */
  readonly reply: Tuple;
  /** The endpoint's number. */
  readonly mark: number;
  /** The VPC's number. */
  readonly zone: number;
  /** Number of the conntrack state: 3 is ESTABLISHED; from 7 (TIME_WAIT) on nobody uses it any more. */
  readonly tcpState: number;
  /** From the consumer; zeros where the kernel does not count (net.netfilter.nf_conntrack_acct). */
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Milliseconds since the epoch; undefined where the kernel does not note it (nf_conntrack_timestamp). */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** For how long the kernel would still wait for a packet, in whole seconds; undefined where it does not tell. */
  readonly secondsLeft?: number;
}

/** TIME_WAIT, and those behind it. */
export const firstClosedState = 7;

/** Whether either end may still send. */
export function isLive(flow: Pick<Flow, "tcpState">): boolean {
  return flow.tcpState < firstClosedState;
}

// uapi/linux/netfilter/nfnetlink_conntrack.h
const originalTuple = 1;
const replyTuple = 2;
const timeoutLeft = 7;
const sentCounters = 9;
const receivedCounters = 10;
const timestamp = 20;
const tupleAddresses = 1;
const tupleProtocol = 2;
const tupleZone = 3;

/** Reads the attributes of a ctnetlink message; undefined for what is no TCP flow. */
export function readFlow(bytes: Buffer): Flow | undefined {
  const original = readOriginal(bytes);
  const reply = readTuple(bytes, replyTuple);
  if (!original || !reply) return undefined;
  const startedAt = readTime(bytes, 1);
  const endedAt = readTime(bytes, 2);
  const left = findAttribute(bytes, timeoutLeft, 0, bytes.length);
  return {
    original,
    reply,
    mark: readMark(bytes),
    zone: readShort(bytes, findNested(bytes, [originalTuple, tupleZone], 0, bytes.length)) ?? 0,
    tcpState: readTcpState(bytes) ?? firstClosedState,
    sent: readTraffic(bytes, sentCounters),
    received: readTraffic(bytes, receivedCounters),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(left < 0 ? {} : { secondsLeft: readWord(bytes, left) }),
  };
}

/** Reads nothing but the direction as the consumer sees it. */
export function readOriginal(bytes: Buffer): Tuple | undefined {
  return readTuple(bytes, originalTuple);
}

/** Reads nothing but the mark of a TCP flow that is live; 0 for other flows, and for those without a mark. */
export function readLiveMark(bytes: Buffer): number {
  const tcpState = readTcpState(bytes) ?? firstClosedState;
  return isLive({ tcpState }) ? readMark(bytes) : 0;
}

function readTuple(bytes: Buffer, type: number): Tuple | undefined {
  const tuple = findAttribute(bytes, type, 0, bytes.length);
  if (tuple < 0) return undefined;
  const [from, to] = [tuple + 4, tuple + bytes.readUInt16LE(tuple)];
  const source = readAddress(bytes, 1, from, to) ?? readAddress(bytes, 3, from, to);
  const destination = readAddress(bytes, 2, from, to) ?? readAddress(bytes, 4, from, to);
  const sourcePort = readShort(bytes, findNested(bytes, [tupleProtocol, 2], from, to));
  const destinationPort = readShort(bytes, findNested(bytes, [tupleProtocol, 3], from, to));
  if (source === undefined || destination === undefined) return undefined;
  if (sourcePort === undefined || destinationPort === undefined) return undefined;
  return { source, destination, sourcePort, destinationPort };
}

/** The address of one type of a tuple: 1 and 2 have IPv4, 3 and 4 IPv6. */
function readAddress(bytes: Buffer, type: number, from: number, to: number): string | undefined {
  const at = findNested(bytes, [tupleAddresses, type], from, to);
  if (at < 0) return undefined;
  const value = bytes.subarray(at + 4, at + bytes.readUInt16LE(at));
  if (value.length === 4) return ipv4FromNumber(value.readUInt32BE());
  return value.length === 16 ? Address6.fromByteArray([...value]).correctForm() : undefined;
}

function readTraffic(bytes: Buffer, type: number): Traffic {
  const read = (which: number): number => readLong(bytes, findNested(bytes, [type, which], 0, bytes.length));
  return { packets: read(1), bytes: read(2) };
}

/** Milliseconds since the epoch, rounded down; undefined where there is none. */
function readTime(bytes: Buffer, which: number): number | undefined {
  const nanoseconds = readLong(bytes, findNested(bytes, [timestamp, which], 0, bytes.length));
  return nanoseconds === 0 ? undefined : Math.floor(nanoseconds / 1_000_000);
}

/** A number of 16 bits in the network's order; undefined where there is none. */
function readShort(bytes: Buffer, attribute: number): number | undefined {
  return attribute < 0 || bytes.readUInt16LE(attribute) < 6 ? undefined : bytes.readUInt16BE(attribute + 4);
}
