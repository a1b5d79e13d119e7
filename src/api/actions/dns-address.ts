import { PosternError } from "../../domain/errors.ts";
import type { VpcId } from "../../domain/ids.ts";
import type { Timestamp } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { takeAddress } from "./take-address.ts";

/**
 * Gives a VPC the address that private names are served at, for as long as the VPC lives, where it has none yet. A VPC
 * whose pools are used up stays without: its endpoints carry sessions all the same, and the next named endpoint or the
 * next start of a server tries again.
 */
export async function ensureDnsAddress(tx: Repositories, id: VpcId, now: Timestamp): Promise<void> {
  const vpc = await tx.networks.vpc(id);
  if (!vpc || vpc.dnsAddress !== null) return;
  for (const subnet of await tx.networks.subnets(id)) {
    try {
      const address = await takeAddress(tx, subnet, undefined, { projectId: vpc.projectId, now });
      await tx.networks.setDnsAddress(id, address);
      return;
    } catch (error) {
      if (!(error instanceof PosternError && error.kind === "pool_exhausted")) throw error;
    }
  }
}
