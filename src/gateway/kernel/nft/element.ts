import { Address6 } from "ip-address";
import { ipv4FromNumber, ipv4ToNumber, type Ipv4 } from "../../../lib/ipv4.ts";
import { sets, type Field, type SetName } from "./schema.ts";

/** A number for `mark`, `priority`, `number`, `zone` and `inet_service`, text for addresses and interface names. */
export type Value = number | string;

export interface Rate {
  /** Packets or bytes, 1 or more. */
  readonly perSecond: number;
  /** So many more at once, 1 or more. */
  readonly burst: number;
}

/** One element of a set, in the order of the set's fields. */
export interface Element {
  readonly key: readonly Value[];
  /** Last address of an interval whose first one ends the key. */
  readonly last?: string;
  readonly data?: readonly Value[];
  /** Of verdict maps: the chain to go to. */
  readonly chain?: string;
  /** Of sets with a cap. */
  readonly cap?: number;
  /** Of sets with credits: so many sessions are let in by this element, and no more. From 1 to `mostCredits`. */
  readonly credits?: number;
  /** Kept with the element, for whoever reads it later. Up to 100 ASCII characters. */
  readonly comment?: string;
  readonly rate?: Rate;
}

const lengths: Readonly<Record<Field, number>> = {
  mark: 4,
  priority: 4,
  number: 4,
  ipv4_addr: 4,
  ipv6_addr: 16,
  inet_service: 4,
  ifname: 16,
  zone: 4,
};

/**
 * Writes values as the kernel has them: each field from a multiple of four bytes on.
 * @param isInterval of sets with intervals, where nft has marks in the network's order, to compare them as bytes
 */
export function encode(fields: readonly Field[], values: readonly Value[], isInterval = false): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, field) => sum + lengths[field], 0));
  let at = 0;
  for (const [index, field] of fields.entries()) {
    const value = values[index];
    if (value === undefined) throw new TypeError(`a value for ${field} is missing`);
    encodeField(bytes, at, field, value);
    if (isInterval && field === "mark") bytes.subarray(at, at + 4).swap32();
    at += lengths[field];
  }
  // A single field is as long as it is; only in concatenations each is padded.
  return fields.length === 1 ? bytes.subarray(0, bareLength(fields[0])) : bytes;
}

function bareLength(field: Field | undefined): number {
  return field === "inet_service" || field === "zone" ? 2 : field === undefined ? 0 : lengths[field];
}

function encodeField(bytes: Buffer, at: number, field: Field, value: Value): void {
  if (typeof value === "string") {
    if (field === "ipv4_addr") bytes.writeUInt32BE(ipv4ToNumber(value as Ipv4), at);
    else if (field === "ipv6_addr")
      bytes.set(new Address6(value).toUnsignedByteArray(), at + ipv6Offset(value));
    else bytes.write(value, at, lengths[field] - 1, "latin1");
  } else if (field === "inet_service") bytes.writeUInt16BE(value, at);
  else if (field === "zone") bytes.writeUInt16LE(value, at);
  else bytes.writeUInt32LE(value >>> 0, at);
}

/** The library leaves leading zero bytes out. */
function ipv6Offset(address: string): number {
  return lengths.ipv6_addr - new Address6(address).toUnsignedByteArray().length;
}

/** Reads what `encode` writes. */
export function decode(fields: readonly Field[], bytes: Buffer, isInterval = false): readonly Value[] {
  let at = 0;
  return fields.map((field) => {
    const value = isInterval && field === "mark" ? bytes.readUInt32BE(at) : decodeField(bytes, at, field);
    at += lengths[field];
    return value;
  });
}

function decodeField(bytes: Buffer, at: number, field: Field): Value {
  if (field === "ipv4_addr") return ipv4FromNumber(bytes.readUInt32BE(at));
  if (field === "ipv6_addr") return Address6.fromByteArray([...bytes.subarray(at, at + 16)]).correctForm();
  if (field === "inet_service") return bytes.readUInt16BE(at);
  if (field === "zone") return bytes.readUInt16LE(at);
  if (field === "ifname") return bytes.toString("latin1", at, at + 16).replace(/\0.*$/s, "");
  return bytes.readUInt32LE(at);
}

/** What makes an element this one and no other of its set. */
export function identity(element: Element): string {
  const key = element.key.join(" . ");
  return element.last === undefined ? key : `${key}-${element.last}`;
}

/** What the kernel has to be told again when it differs. States that count by themselves are no part of it. */
export function content(element: Element): string {
  const { data, chain, cap, credits, rate } = element;
  const parts = [data?.join(" . "), chain, cap, credits, rate && `${rate.perSecond}/${rate.burst}`];
  return parts.map((part) => part ?? "").join("|");
}

/** As nft writes it: `1 . 10.0.0.50 . 9200 : 16777217`. */
export function elementText(set: SetName, element: Element): string {
  const { cap, credits, rate, chain, data } = element;
  const unit = "state" in sets[set] && sets[set].state === "byte rate" ? "bytes" : "packets";
  return [
    identity(element),
    ...(cap === undefined ? [] : [`ct count over ${cap}`]),
    ...(credits === undefined ? [] : [`limit rate over 1/day burst ${credits} packets`]),
    ...(rate === undefined ? [] : [`limit rate over ${rate.perSecond}/second burst ${rate.burst} ${unit}`]),
    ...(chain === undefined ? [] : [`: goto ${chain}`]),
    ...(data === undefined ? [] : [`: ${data.join(" . ")}`]),
  ].join(" ");
}
