import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointFailure } from "../../domain/report.ts";
import { mostEndpoints } from "./nft/schema.ts";

/** Of a list of endpoints, what the kernel's tables have room for, and of the others a failure each. */
export interface Room {
  readonly carried: readonly DesiredEndpoint[];
  readonly failures: readonly EndpointFailure[];
}

/**
 * Divides endpoints into those that are carried and those that are not: one too many would be refused by the kernel
 * together with everything else that is told with it.
 */
export function roomFor(desired: readonly DesiredEndpoint[], most: number = mostEndpoints): Room {
  if (desired.length <= most) return { carried: desired, failures: [] };
  const message = `This gateway has room for ${most} endpoints, and has as many. Delete some, or attach the network to another gateway.`;
  const failures = desired.slice(most).map(({ id }) => ({ endpointId: id, code: "limit" as const, message }));
  return { carried: desired.slice(0, most), failures };
}
