import type { Cluster, ClusterNode, Endpoint, Timestamp } from "../../domain/resources.ts";

/** An item of the cluster list (contract section 2.1): the detail without its VPC endpoint fields. */
export function renderClusterItem(cluster: Cluster): Record<string, unknown> {
  return {
    id: cluster.id,
    name: cluster.name,
    status: "200",
    datastore: {
      type: cluster.engine,
      version: cluster.engineVersion,
      supportSecuritymode: cluster.username !== null,
    },
    instances: cluster.nodes.map((node, index) => renderInstance(cluster, node, index)),
    actions: [],
    actionProgress: {},
    endpoint: cluster.nodes.map(hostAndPort).join(","),
    vpcId: cluster.vpcId,
    subnetId: cluster.subnetId,
    currentSubnetIds: cluster.subnetId,
    httpsEnable: cluster.scheme === "https",
    authorityEnable: cluster.username !== null,
    diskEncrypted: false,
    backupAvailable: false,
    period: false,
    enterpriseProjectId: "0",
    tags: cluster.tags,
    created: renderClusterTime(cluster.createdAt),
    updated: renderClusterTime(cluster.updatedAt),
  };
}

/** Contract section 2.2. `own` is the endpoint that the service made in the cluster's own network. */
export function renderClusterDetail(cluster: Cluster, own: Endpoint | undefined): object {
  return {
    ...renderClusterItem(cluster),
    supportVpcep: true,
    ...(own ? { vpcepIp: own.address } : {}),
    ...(typeof own?.address6 === "string" ? { vpcepIpv6Address: own.address6 } : {}),
  };
}

function renderInstance(cluster: Cluster, node: ClusterNode, index: number): object {
  return {
    id: node.id,
    name: `${cluster.name}-ess-esn-${index + 1}-1`,
    type: "ess",
    status: "200",
    ip: node.host,
    subnetId: cluster.subnetId,
  };
}

function hostAndPort({ host, port }: ClusterNode): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `2023-10-09T02:07:13`: clusters carry no `Z` (contract section 2.2). */
function renderClusterTime(time: Timestamp): string {
  return new Date(time).toISOString().slice(0, 19);
}
