import type { ApiClient } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { findCluster, listClusters } from "./find.ts";
import type { Cluster, ConnectionPage } from "./wire.ts";

const pageSize = 1_000;
/** The published API takes no larger `offset`. */
const offsetLimit = 1_000;

/**
 * Sorts endpoint ids by the cluster that they are connected to.
 * @param reference name or id of the cluster of all of them; without it, all open clusters are looked through
 * @throws CliError where one of them is connected to none of these; then nothing has been changed
 */
export async function groupByCluster(
  api: ApiClient,
  ids: readonly string[],
  reference: string | undefined,
): Promise<Map<Cluster, readonly string[]>> {
  if (reference !== undefined) return new Map([[await findCluster(api, reference), ids]]);
  const open = (await listClusters(api)).filter((cluster) => cluster.service?.enabled === true);
  const [only, ...others] = open;
  // With one cluster there is nothing to look up, and the server says best what is wrong with an id.
  if (only !== undefined && others.length === 0) return new Map([[only, ids]]);
  const groups = new Map<Cluster, readonly string[]>();
  let missing = ids;
  for (const cluster of open) {
    if (missing.length === 0) break;
    const found = await connectedTo(api, cluster, missing);
    if (found.size > 0) groups.set(cluster, [...found]);
    missing = missing.filter((id) => !found.has(id));
  }
  if (missing.length > 0) {
    throw new CliError(
      `No cluster of this project with an open endpoint service has the connection ${missing.join(", ")}; nothing was changed.`,
      "See the ids with: postern connections CLUSTER\nOf a cluster with more than 2,000 connections, name it with --cluster CLUSTER; of a service that opening did not make, with --service SERVICE.",
    );
  }
  return groups;
}

async function connectedTo(
  api: ApiClient,
  cluster: Cluster,
  wanted: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let offset = 0; offset <= offsetLimit && found.size < wanted.length; offset += pageSize) {
    const path = api.endpointService(cluster.id, "connections");
    const page = await api.get<ConnectionPage>(path, { offset, limit: pageSize });
    for (const { id } of page.connections) if (wanted.includes(id)) found.add(id);
    if (offset + pageSize >= page.total_count) break;
  }
  return found;
}
