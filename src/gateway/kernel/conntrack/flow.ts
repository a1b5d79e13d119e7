import { Address6 } from "ip-address";
import { ipv4FromNumber } from "../../../lib/ipv4.ts";
import { attributeAt, forEachAttribute, readAttributes } from "../netlink/attributes.ts";

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
const protocolInfo = 4;
const markAttribute = 8;
const sentCounters = 9;
const receivedCounters = 10;
const timestamp = 20;
const tupleAddresses = 1;
const tupleProtocol = 2;
const tupleZone = 3;
const none = Buffer.alloc(0);

/** Reads the attributes of a ctnetlink message; undefined for what is no TCP flow. */
export function readFlow(bytes: Buffer): Flow | undefined {
  const attributes = readAttributes(bytes);
  const original = readTuple(attributes.get(originalTuple) ?? none);
  const reply = readTuple(attributes.get(replyTuple) ?? none);
  if (!original || !reply) return undefined;
  const times = readAttributes(attributes.get(timestamp) ?? none);
  const startedAt = milliseconds(times.get(1));
  const endedAt = milliseconds(times.get(2));
  return {
    original,
    reply,
    mark: attributes.get(markAttribute)?.readUInt32BE() ?? 0,
    zone: attributeAt(bytes, originalTuple, tupleZone)?.readUInt16BE() ?? 0,
    tcpState: attributeAt(bytes, protocolInfo, 1, 1)?.readUInt8() ?? firstClosedState,
    sent: readTraffic(attributes.get(sentCounters) ?? none),
    received: readTraffic(attributes.get(receivedCounters) ?? none),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/** Reads nothing but the mark of a TCP flow that is live; 0 for other flows, and for those without a mark. */
export function readLiveMark(bytes: Buffer): number {
  let mark = 0;
  let tcpState = firstClosedState;
  forEachAttribute(bytes, (type, value) => {
    if (type === markAttribute) mark = value.readUInt32BE();
    else if (type === protocolInfo) tcpState = attributeAt(value, 1, 1)?.readUInt8() ?? firstClosedState;
  });
  return isLive({ tcpState }) ? mark : 0;
}

function readTuple(bytes: Buffer): Tuple | undefined {
  const addresses = readAttributes(attributeAt(bytes, tupleAddresses) ?? none);
  const protocol = readAttributes(attributeAt(bytes, tupleProtocol) ?? none);
  const source = addresses.get(1) ?? addresses.get(3);
  const destination = addresses.get(2) ?? addresses.get(4);
  const sourcePort = protocol.get(2);
  const destinationPort = protocol.get(3);
  if (!source || !destination || !sourcePort || !destinationPort) return undefined;
  return {
    source: readAddress(source),
    destination: readAddress(destination),
    sourcePort: sourcePort.readUInt16BE(),
    destinationPort: destinationPort.readUInt16BE(),
  };
}

function readAddress(bytes: Buffer): string {
  return bytes.length === 4
    ? ipv4FromNumber(bytes.readUInt32BE())
    : Address6.fromByteArray([...bytes]).correctForm();
}

function readTraffic(bytes: Buffer): Traffic {
  const counters = readAttributes(bytes);
  const read = (type: number): number => Number(counters.get(type)?.readBigUInt64BE() ?? 0n);
  return { packets: read(1), bytes: read(2) };
}

function milliseconds(nanoseconds: Buffer | undefined): number | undefined {
  return nanoseconds && Number(nanoseconds.readBigUInt64BE() / 1_000_000n);
}
