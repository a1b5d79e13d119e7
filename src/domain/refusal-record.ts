import type { EndpointId, ServiceId } from "./ids.ts";
import type { RefusalReason } from "./refusal.ts";
import type { Timestamp } from "./resources.ts";

/** Refusals of one endpoint, for one reason, of one source. */
export interface RefusalRecord {
  readonly endpointId: EndpointId;
  readonly reason: RefusalReason;
  /** Address that was refused; null: others together, for which there was no room. */
  readonly source: string | null;
  /** On the gateway's clock. */
  readonly firstAt: Timestamp;
  readonly lastAt: Timestamp;
  /** From 1. */
  readonly count: number;
}

/**
 * What a gateway has refused since its last batch. It sends a batch until the server has taken it, and the server takes
 * each once: by the gateway's process and a number that grows.
 */
export interface RefusalBatch {
  readonly process: string;
  readonly sequence: number;
  readonly records: readonly RefusalRecord[];
}

/** Most records of a batch. */
export const refusalBatchLimit = 2_000;
/** Most records that are kept of an endpoint; of the oldest beyond them only the count is kept. */
export const refusalsKept = 1_000;
/** How long a record is kept that nothing is added to. */
export const refusalsKeptMs = 30 * 24 * 3_600_000;

/** Returns the rule that refused, in words. */
export function refusingRule(reason: RefusalReason, endpoint: EndpointId, service: ServiceId): string {
  const rules: Readonly<Record<RefusalReason, string>> = {
    not_accepted: `The owner of service ${service} has not accepted endpoint ${endpoint}, or has rejected it.`,
    not_whitelisted: `The whitelist of service ${service} does not have the account of endpoint ${endpoint}.`,
    source_not_allowed: `The whitelist of endpoint ${endpoint} does not have the source.`,
    session_cap: `All sessions that endpoint ${endpoint} may have were in use.`,
    no_healthy_node: `No node behind service ${service} was healthy.`,
    service_closed: `Service ${service} was closed.`,
    connection_rate: `More new sessions a second came than endpoint ${endpoint} or its network may have.`,
  };
  return rules[reason];
}
