import { parseIpv4, parseIpv4Prefix } from "../lib/ipv4.ts";
import { PosternError } from "./errors.ts";

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
