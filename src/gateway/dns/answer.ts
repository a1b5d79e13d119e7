import { readQuery, type Edns, type Query } from "./query.ts";
import { bare, type Section } from "./records.ts";
import type { DomainZone, View } from "./view.ts";
import {
  classIn,
  headerBytes,
  isWithin,
  largestTcpBytes,
  largestUdpBytes,
  responseCode,
  smallestUdpBytes,
  type,
} from "./wire.ts";

export type Transport = "udp" | "tcp";

const optRecordBytes = 11;
const flag = { response: 0x80, authoritative: 0x04, truncated: 0x02, recursionDesired: 0x01 } as const;
const opcodeBits = 0x78;

const formatError = bare(responseCode.formatError);
const notImplemented = bare(responseCode.notImplemented);
const refused = bare(responseCode.refused);
const badVersion = bare(responseCode.badVersion);
const serverFailure = bare(responseCode.serverFailure);

/**
 * Answers one message for those who see `view`, and nothing else of the installation. Never throws, whatever comes; the
 * time it takes and the size of what it returns have limits.
 * @returns undefined where saying nothing is right: to what is no query, or has no header
 */
export function answer(message: Buffer, view: View, transport: Transport): Buffer | undefined {
  if (message.length < headerBytes || (message.readUInt8(2) & flag.response) !== 0) return undefined;
  if ((message.readUInt8(2) & opcodeBits) !== 0) return withoutQuestion(message, notImplemented);
  const query = readQuery(message);
  if (!query) return withoutQuestion(message, formatError);
  return reply(message, query, sectionFor(query, view), transport);
}

function sectionFor(query: Query, view: View): Section {
  if (query.edns && query.edns.version > 0) return badVersion;
  if (query.type === type.opt) return formatError;
  if (query.class !== classIn || query.type === type.axfr || query.type === type.ixfr) return refused;
  const { zone } = view;
  const records = view.find(query.name);
  if (records === "unknown") return serverFailure;
  if (records) return query.type === type.any ? zone.any : (records.section(query.type) ?? zone.noData);
  if (query.name === view.apex) return apexSection(query.type, view);
  if (isWithin(query.name, view.apex)) return zone.noName;
  const domain = view.findDomain(query.name);
  return domain ? domainSection(query.type, domain) : refused;
}

/** A name of an owner's own is a zone of that one name: there is nothing below it that could be told of. */
function domainSection(wanted: number, domain: DomainZone): Section {
  const { records } = domain;
  if (records === "unknown") return serverFailure;
  return records?.section(wanted) ?? apexSection(wanted, domain);
}

function apexSection(wanted: number, { zone }: Pick<View, "zone">): Section {
  if (wanted === type.soa) return zone.soa;
  if (wanted === type.ns) return zone.nameServers;
  return wanted === type.any ? zone.any : zone.noData;
}

/** The question goes back as it came, letter for letter: askers put a secret into its case (0x20). */
function reply(message: Buffer, query: Query, section: Section, transport: Transport): Buffer {
  const { questionEnd, edns } = query;
  const optBytes = edns ? optRecordBytes : 0;
  const whole = questionEnd + section.bytes.length + optBytes;
  const isTruncated = whole > mostBytes(transport, edns);
  const bytes = Buffer.allocUnsafe(isTruncated ? questionEnd + optBytes : whole);
  message.copy(bytes, 0, 0, questionEnd);
  const isOurs = section.code === responseCode.noError || section.code === responseCode.nameError;
  writeHeader(bytes, section.code, (isOurs ? flag.authoritative : 0) | (isTruncated ? flag.truncated : 0));
  writeCounts(bytes, 1, isTruncated ? 0 : section.answers, isTruncated ? 0 : section.authorities);
  if (!isTruncated) section.bytes.copy(bytes, questionEnd);
  bytes.writeUInt16BE(edns ? 1 : 0, 10);
  if (edns) writeOpt(bytes, section.code, edns);
  return bytes;
}

function mostBytes(transport: Transport, edns: Edns | undefined): number {
  if (transport === "tcp") return largestTcpBytes;
  return Math.min(Math.max(edns?.payloadBytes ?? 0, smallestUdpBytes), largestUdpBytes);
}

/** To what has no question that could be told from the rest. */
function withoutQuestion(message: Buffer, { code }: Section): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  message.copy(bytes, 0, 0, 3);
  writeHeader(bytes, code, 0);
  return bytes;
}

/** Keeps the id, the kind of query, and whether recursion was desired. */
function writeHeader(bytes: Buffer, code: number, flags: number): void {
  const kept = bytes.readUInt8(2) & (opcodeBits | flag.recursionDesired);
  bytes.writeUInt8(kept | flag.response | flags, 2);
  bytes.writeUInt8(code & 0x0f, 3);
}

function writeCounts(bytes: Buffer, questions: number, answers: number, authorities: number): void {
  bytes.writeUInt16BE(questions, 4);
  bytes.writeUInt16BE(answers, 6);
  bytes.writeUInt16BE(authorities, 8);
}

/** Options are not given back: none is known here, and each is for the asker's next hop alone (RFC 6891, 6.1.2). */
function writeOpt(bytes: Buffer, code: number, { isDnssecWanted }: Edns): void {
  const at = bytes.length - optRecordBytes;
  bytes.writeUInt8(0, at);
  bytes.writeUInt16BE(type.opt, at + 1);
  bytes.writeUInt16BE(largestUdpBytes, at + 3);
  bytes.writeUInt8(code >>> 4, at + 5);
  bytes.writeUInt8(0, at + 6);
  bytes.writeUInt16BE(isDnssecWanted ? 0x8000 : 0, at + 7);
  bytes.writeUInt16BE(0, at + 9);
}
