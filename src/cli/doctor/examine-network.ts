import { judgeConnection, tryConnection, type ConnectionAnswer, type Destination } from "./connection.ts";
import { skipped, type Finding } from "./finding.ts";
import type { KnownEndpoint } from "./known-endpoint.ts";
import { judgeName, type NameAnswer, type NameFacts } from "./names.ts";
import { countedReason, standingRefusal } from "./refusal.ts";
import { resolveAt, resolveBySystem } from "./resolve.ts";

/** Addresses of one host by this machine's resolver. */
export interface Resolved {
  readonly ipv4: NameAnswer;
  readonly ipv6: NameAnswer;
}

/** Most connections that are tried: two families of ten ports. */
const destinationLimit = 20;
const countedWithinMs = 3_000;
const lookEveryMs = 300;

export async function resolveHost(host: string, timeoutMs: number): Promise<Resolved> {
  const [ipv4, ipv6] = await Promise.all([
    resolveBySystem(host, 4, timeoutMs),
    resolveBySystem(host, 6, timeoutMs),
  ]);
  return { ipv4, ipv6 };
}

/** Returns what stands in the place of the name's findings where there is none. */
export function nameless(known: KnownEndpoint | undefined): Finding {
  const why =
    known === undefined
      ? "An address was given, not a name."
      : "The endpoint has no private name: its service was opened without --dns.";
  return skipped("name", why);
}

/** Returns the findings of a name, in both families. */
export async function examineName(
  name: string,
  resolved: Resolved,
  known: KnownEndpoint | undefined,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const isAbsent = resolved.ipv4.addresses.length === 0;
  const atNameServer =
    isAbsent && known?.nameServer !== undefined
      ? await resolveAt(known.nameServer, name, timeoutMs)
      : undefined;
  const facts: NameFacts = { name, ...resolved, ...(atNameServer !== undefined && { atNameServer }) };
  return judgeName(facts, known);
}

/** Returns every address with every port, addresses of one port side by side. */
export function destinationsOf(
  addresses: readonly string[],
  ports: readonly number[],
): readonly Destination[] {
  return ports.flatMap((port) => addresses.map((address) => ({ address, port }))).slice(0, destinationLimit);
}

/**
 * Connects to all of them at once.
 * @param readRefusals gives the gateway's counts of now; asked only where something was refused
 */
export async function examineConnections(
  destinations: readonly Destination[],
  known: KnownEndpoint | undefined,
  readRefusals: () => Promise<KnownEndpoint["refusals"]>,
  timeoutMs: number,
): Promise<{ readonly findings: readonly Finding[]; readonly answers: readonly ConnectionAnswer[] }> {
  if (destinations.length === 0) return { findings: [skipped("TCP", "No address is known.")], answers: [] };
  const answers = await Promise.all(destinations.map((destination) => tryConnection(destination, timeoutMs)));
  const isCertain =
    known !== undefined && known.status !== "rejected" && standingRefusal(known) !== undefined;
  const isRefused = answers.some(({ outcome }) => outcome === "reset" || outcome === "absent");
  const reason =
    isRefused && !isCertain && known !== undefined ? await waitForCount(known, readRefusals) : undefined;
  return { answers, findings: answers.map((answer) => judgeConnection(answer, known, reason)) };
}

/** The gateway reports its counts now and then: the refusal that was just met is in one of the next reports. */
async function waitForCount(
  known: KnownEndpoint,
  readRefusals: () => Promise<KnownEndpoint["refusals"]>,
): Promise<ReturnType<typeof countedReason>> {
  const deadline = performance.now() + countedWithinMs;
  for (;;) {
    const reason = countedReason(known.refusals, await readRefusals().catch(() => known.refusals));
    if (reason !== undefined || performance.now() >= deadline) return reason;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
