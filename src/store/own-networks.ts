import type { Kysely } from "kysely";
import type { ClusterNode } from "../domain/resources.ts";
import type { OwnNetworks } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

/** Returns where the installation's own machines are: what nobody from outside may be led to. */
export async function ownNetworks(db: Kysely<Schema>): Promise<OwnNetworks> {
  const vpcs = await db.selectFrom("vpc").select(["cidr", "cidr6", "dnsAddress"]).execute();
  const subnets = await db.selectFrom("subnet").select(["cidr", "cidr6"]).execute();
  const clusters = await db.selectFrom("cluster").select("nodes").execute();
  const hosts = clusters.flatMap(({ nodes }) =>
    (JSON.parse(nodes) as readonly ClusterNode[]).map(({ host }) => host.toLowerCase()),
  );
  const networks = [
    ...vpcs.flatMap(({ cidr, cidr6, dnsAddress }) => [cidr, cidr6, dnsAddress]),
    ...subnets.flatMap(({ cidr, cidr6 }) => [cidr, cidr6]),
    ...hosts,
  ];
  return { networks: networks.filter((network) => network !== null), nodeNames: hosts };
}
