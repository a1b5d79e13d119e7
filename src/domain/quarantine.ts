import type { Endpoint, ReleasedAddress, Timestamp } from "./resources.ts";

/**
 * An address that was released goes to no other endpoint for so long, in milliseconds: clients keep names for as long
 * as their resolvers tell them, and connections for as long as they last, and are not to meet a stranger.
 */
export const quarantineMs = 300_000;

/** Returns what deleting an endpoint releases. */
export function addressesReleased(endpoint: Endpoint, releasedAt: Timestamp): readonly ReleasedAddress[] {
  const { subnetId, projectId, address, address6 } = endpoint;
  const addresses = address6 === null ? [address] : [address, address6];
  return addresses.map((released) => ({ subnetId, projectId, address: released, releasedAt }));
}
