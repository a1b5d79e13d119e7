import { BlockList, isIPv6 } from "node:net";
import type { KnownEndpoint } from "./known-endpoint.ts";

/** Why connections are refused, and the line that changes it. */
export interface RefusalAdvice {
  /** The rest of a sentence: "the service is closed". */
  readonly why: string;
  readonly fix: string;
}

type Advise = (known: KnownEndpoint, source: string) => RefusalAdvice;

const advices: ReadonlyMap<string, Advise> = new Map<string, Advise>([
  [
    "not_accepted",
    ({ id }) => ({
      why: "the service's owner does not accept this endpoint",
      fix: askOwner(`postern accept ${id}`),
    }),
  ],
  [
    "not_whitelisted",
    ({ id, accountId }) => ({
      why: `account ${accountId} is not on the service's whitelist`,
      fix: askOwner(`postern whitelist --add ${accountId}, then postern accept ${id}`),
    }),
  ],
  [
    "source_not_allowed",
    ({ id }, source) => ({
      why: `the endpoint's own whitelist does not name ${source}`,
      fix: `Add ${source} to "whitelist" with PUT /v1/PROJECT/vpc-endpoints/${id}, or connect from a source that is on it.`,
    }),
  ],
  [
    "session_cap",
    ({ id, maxSession }) => ({
      why: `all of its ${maxSession} sessions are in use`,
      fix: `Close sessions that are not needed. ${askOwner(`postern endpoint cap ${id} N`)}`,
    }),
  ],
  [
    "no_healthy_node",
    () => ({
      why: "no node of the cluster serves",
      fix: askOwner("postern cluster show CLUSTER, which tells what ails each node"),
    }),
  ],
  [
    "service_closed",
    () => ({ why: "the endpoint service is closed", fix: askOwner("postern open CLUSTER") }),
  ],
  [
    "connection_rate",
    ({ id, maxSession }) => ({
      why: "there are more new sessions a second than it may have",
      fix: `Keep connections open between requests. ${askOwner(`postern endpoint cap ${id} ${maxSession} --rate R`)}`,
    }),
  ],
]);

/** Returns what a reason means to the consumer of this endpoint. @param source the address that he comes from */
export function adviceOn(reason: string, known: KnownEndpoint, source = "your address"): RefusalAdvice {
  const advise = advices.get(reason);
  if (advise !== undefined) return advise(known, source);
  return {
    why: "the gateway counted this reason",
    fix: `Ask the service's owner what ${reason} means there.`,
  };
}

function askOwner(command: string): string {
  return `Ask the service's owner to run: ${command}`;
}

/** Returns why every connection is refused, as far as the API tells it; undefined where it tells none. */
export function standingRefusal(known: KnownEndpoint): string | undefined {
  if (!known.isServiceOpen) return "service_closed";
  if (known.status === "pendingAcceptance") return "not_accepted";
  if (known.status === "rejected") {
    return (known.refusals["not_whitelisted"] ?? 0) > (known.refusals["not_accepted"] ?? 0)
      ? "not_whitelisted"
      : "not_accepted";
  }
  return known.healthyNodes === 0 ? "no_healthy_node" : undefined;
}

/** Whether the endpoint's own whitelist admits the source. A source that is not known counts as admitted. */
export function admitsSource({ sources }: KnownEndpoint, source: string | undefined): boolean {
  if (sources === undefined || source === undefined) return true;
  const list = new BlockList();
  for (const entry of sources) {
    const [address = "", length] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (length === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(length), family);
  }
  return list.check(source, isIPv6(source) ? "ipv6" : "ipv4");
}

/** Returns the reason that was counted most between two looks; undefined where none was. */
export function countedReason(
  before: KnownEndpoint["refusals"],
  after: KnownEndpoint["refusals"],
): string | undefined {
  const grown = Object.entries(after)
    .map(([reason, count]) => ({ reason, by: count - (before[reason] ?? 0) }))
    .filter(({ by }) => by > 0)
    .toSorted((one, other) => other.by - one.by);
  return grown[0]?.reason;
}
