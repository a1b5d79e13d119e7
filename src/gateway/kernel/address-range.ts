import { Address4, Address6 } from "ip-address";

/** Addresses of one family, first to last, both in. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** @param text an address or a CIDR, of either family @throws where it is neither */
export function addressRange(text: string): AddressRange {
  const address = text.includes(":") ? new Address6(text) : new Address4(text);
  return { first: address.startAddress().correctForm(), last: address.endAddress().correctForm() };
}

/** Leaves out what lies in another range. CIDRs either nest or have nothing in common. */
export function disjoint(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const kept: AddressRange[] = [];
  // The widest of those that begin alike comes first, and holds the others.
  const sorted = ranges.map((range) => ({ range, ...bounds(range) })).toSorted(byStart);
  let reached: { isV4: boolean; end: bigint } | undefined;
  for (const { range, isV4, end } of sorted) {
    if (reached?.isV4 === isV4 && end <= reached.end) continue;
    reached = { isV4, end };
    kept.push(range);
  }
  return kept;
}

interface Bounds {
  readonly isV4: boolean;
  readonly start: bigint;
  readonly end: bigint;
}

function bounds({ first, last }: AddressRange): Bounds {
  const isV4 = !first.includes(":");
  const value = (text: string): bigint => (isV4 ? new Address4(text) : new Address6(text)).bigInt();
  return { isV4, start: value(first), end: value(last) };
}

function byStart(a: Bounds, b: Bounds): number {
  if (a.isV4 !== b.isV4) return a.isV4 ? -1 : 1;
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return a.end === b.end ? 0 : a.end > b.end ? -1 : 1;
}

/** Whether an address lies in one of the ranges. */
export function isWithin(address: string, ranges: readonly AddressRange[]): boolean {
  const { isV4, start } = bounds({ first: address, last: address });
  return ranges.some((range) => {
    const other = bounds(range);
    return other.isV4 === isV4 && other.start <= start && start <= other.end;
  });
}
