import { addressesReleased, quarantineMs } from "../../domain/quarantine.ts";
import type { Cluster, Endpoint } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";

/** Deletes an endpoint; nobody else gets its addresses for a while. */
export async function releaseEndpoint(tx: Repositories, endpoint: Endpoint, now: number): Promise<void> {
  await noteReleased(tx, [endpoint], now);
  await tx.endpoints.delete(endpoint.id);
}

/** Deletes a cluster with its services and their endpoints; nobody else gets their addresses for a while. */
export async function releaseCluster(tx: Repositories, cluster: Cluster, now: number): Promise<void> {
  for (const service of await tx.services.allOfCluster(cluster.id)) {
    await noteReleased(tx, await tx.endpoints.allOfService(service.id), now);
  }
  await tx.clusters.delete(cluster.id);
}

async function noteReleased(tx: Repositories, endpoints: readonly Endpoint[], now: number): Promise<void> {
  const released = endpoints.flatMap((endpoint) => addressesReleased(endpoint, now));
  await tx.networks.noteReleased(released, now - quarantineMs);
}
