import { parseIpv4, parseIpv4Prefix } from "../lib/ipv4.ts";
import { parseIpv6, parseIpv6Prefix } from "../lib/ipv6.ts";
import { prefixContains, type Range } from "../lib/prefix.ts";
import { PosternError } from "./errors.ts";
import type { Endpoint } from "./resources.ts";

/** Most sources of one endpoint (contract section 3.6). */
export const sourceLimit = 20;

/**
 * Returns the sources as they were given, each once.
 * @param sources addresses of either family, or CIDRs without host bits
 * @throws PosternError sources_full, source_malformed
 */
export function parseSources(sources: readonly string[]): readonly string[] {
  const distinct = [...new Set(sources)];
  if (distinct.length > sourceLimit) {
    throw new PosternError(
      "sources_full",
      `A whitelist holds ${sourceLimit} sources and no more. Put neighbouring addresses into one CIDR.`,
    );
  }
  for (const source of distinct) {
    if (parseIpv4(source) !== undefined || parseIpv6(source) !== undefined || rangeOf(source)) continue;
    throw new PosternError(
      "source_malformed",
      `"${source}" is neither an address nor a CIDR without host bits, as in 10.1.0.0/16 or fd00:1::/64.`,
    );
  }
  return distinct;
}

/** Who of the consumer's network may connect to an endpoint. An endpoint without an IPv6 address meets IPv4 only. */
export type Sources = Pick<Endpoint, "sourceWhitelistEnabled" | "sourceWhitelist" | "address6">;

/** Whether an address lies in one of these addresses and CIDRs; what is no address lies nowhere. */
export function listsAddress(entries: readonly string[], address: string): boolean {
  const range = entryRange(address);
  return range !== undefined && entries.some((entry) => isIn(entry, range));
}

function isIn(entry: string, range: Range<bigint>): boolean {
  const outer = entryRange(entry);
  return outer !== undefined && prefixContains(outer, range);
}

/** Whether no source at all may connect. */
export function admitsNoSource(sources: Sources): boolean {
  return mergedRanges(sources).length === 0;
}

/** Whether some source that `before` admits is not admitted by `after`. */
export function losesSources(before: Sources, after: Sources): boolean {
  if (!after.sourceWhitelistEnabled) return false;
  const left = mergedRanges(after);
  return mergedRanges(before).some((range) => !left.some((other) => prefixContains(other, range)));
}

/** What is admitted, as ranges that neither overlap nor touch: two halves of a network are the network. */
function mergedRanges({
  sourceWhitelistEnabled,
  sourceWhitelist,
  address6,
}: Sources): readonly Range<bigint>[] {
  const wanted = sourceWhitelistEnabled ? sourceWhitelist : ["0.0.0.0/0", "::/0"];
  const met = address6 === null ? wanted.filter((source) => !source.includes(":")) : wanted;
  const ranges = met.flatMap((source) => entryRange(source) ?? []);
  const merged: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const previous = merged.at(-1);
    if (!previous || first > previous.last + 1n) merged.push({ first, last });
    else if (last > previous.last) previous.last = last;
  }
  return merged;
}

/** Behind all of IPv6, with a gap: so the addresses of both families are on one line, and never meet. */
const ipv4Start = 2n ** 129n;

/** @param entry an address or a CIDR */
function entryRange(entry: string): Range<bigint> | undefined {
  return rangeOf(entry.includes("/") ? entry : `${entry}/${entry.includes(":") ? 128 : 32}`);
}

function rangeOf(cidr: string): Range<bigint> | undefined {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) return parseIpv6Prefix(cidr);
  return { first: ipv4Start + BigInt(prefix.first), last: ipv4Start + BigInt(prefix.last) };
}
