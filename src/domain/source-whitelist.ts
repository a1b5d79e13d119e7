import { parseIpv4, parseIpv4Prefix, prefixContains, type Ipv4Prefix } from "../lib/ipv4.ts";
import { PosternError } from "./errors.ts";
import type { Endpoint } from "./resources.ts";

/** Most sources of one endpoint (contract section 3.6). */
export const sourceLimit = 20;

/**
 * Returns the sources as they were given, each once.
 * @param sources IPv4 addresses, or CIDRs without host bits
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
    if (parseIpv4(source) !== undefined || parseIpv4Prefix(source) !== undefined) continue;
    throw new PosternError(
      "source_malformed",
      `"${source}" is neither an IPv4 address nor a CIDR without host bits, as in 10.1.0.0/16.`,
    );
  }
  return distinct;
}

/** Who of the consumer's network may connect to an endpoint. */
export type Sources = Pick<Endpoint, "sourceWhitelistEnabled" | "sourceWhitelist">;

/** Whether no source at all may connect. */
export function admitsNoSource({ sourceWhitelistEnabled, sourceWhitelist }: Sources): boolean {
  return sourceWhitelistEnabled && sourceWhitelist.length === 0;
}

/** Whether some source that `before` admits is not admitted by `after`. */
export function losesSources(before: Sources, after: Sources): boolean {
  if (!after.sourceWhitelistEnabled) return false;
  const left = mergedRanges(after);
  return mergedRanges(before).some((range) => !left.some((other) => prefixContains(other, range)));
}

type Range = Pick<Ipv4Prefix, "first" | "last">;

/** What is admitted, as ranges that neither overlap nor touch: two halves of a network are the network. */
function mergedRanges({ sourceWhitelistEnabled, sourceWhitelist }: Sources): readonly Range[] {
  const wanted = sourceWhitelistEnabled ? sourceWhitelist : ["0.0.0.0/0"];
  const ranges = wanted.flatMap((source) => {
    const prefix = parseIpv4Prefix(source.includes("/") ? source : `${source}/32`);
    return prefix ? [prefix] : [];
  });
  const merged: { first: number; last: number }[] = [];
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous && first <= previous.last + 1) previous.last = Math.max(previous.last, last);
    else merged.push({ first, last });
  }
  return merged;
}
