import type { Cluster, Endpoint } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { requireCluster } from "../actions/find.ts";
import { clusterEtag } from "../etag.ts";
import { defineOperation } from "../operation.ts";
import { clusterParams } from "../schema.ts";
import { renderClusterDetail } from "./render-cluster.ts";

/** Contract section 2.2. */
export const showCluster = defineOperation({
  id: "ShowClusterDetail",
  method: "GET",
  path: "/v1.0/:project_id/clusters/:cluster_id",
  action: "css:cluster:get",
  schemas: { params: clusterParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      const own = await ownEndpoint(tx, cluster);
      return { headers: { etag: clusterEtag(cluster) }, body: renderClusterDetail(cluster, own) };
    });
  },
});

async function ownEndpoint(tx: Repositories, cluster: Cluster): Promise<Endpoint | undefined> {
  const service = await tx.services.findOpened(cluster.id);
  if (!service?.enabled) return undefined;
  const endpoints = await tx.endpoints.allOfService(service.id);
  return endpoints
    .filter((endpoint) => endpoint.projectId === cluster.projectId)
    .toSorted((a, b) => a.createdAt - b.createdAt)[0];
}
