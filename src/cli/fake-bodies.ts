import { nodeBody, type FakeClusterBody } from "./fake-nodes.ts";
import type { FakeCluster, FakeEndpoint, FakeModel, FakeVpc } from "./fake-model.ts";

export const created = "2026-01-02T03:04:05Z";
export const subnetId = "00000000-0000-4000-8000-000000000001";

export function serviceName(cluster: FakeCluster): string {
  return `local-1.${cluster.name}.service`;
}

export function clusterBody(model: FakeModel, cluster: FakeCluster): FakeClusterBody {
  const { nodes = [], engine = "opensearch", version = "2.19.1", client_port = 9200 } = cluster.registration;
  const service = {
    id: "service",
    name: serviceName(cluster),
    enabled: cluster.isOpen,
    approval_enabled: cluster.approval,
  };
  return {
    id: cluster.id,
    name: cluster.name,
    engine,
    version,
    client_port,
    vpc_id: model.vpcs[0]?.id,
    subnet_id: subnetId,
    nodes: nodes.map((url, index) => nodeBody(model, { id: String(index), url, healthy: index === 0 })),
    service: cluster.hasService ? { ...service, professional: false, dns: false } : null,
    created_at: created,
    updated_at: created,
  };
}

export function endpointBody(model: FakeModel, found: FakeEndpoint): object {
  const {
    id,
    status: state,
    ip,
    ip6,
    port = 9_200,
    dnsName,
    clusterId,
    maxSession,
    sessions,
    error,
    note,
  } = found;
  return {
    id,
    status: state,
    ip,
    ...(ip6 !== undefined && { ip6 }),
    port,
    ports: [port],
    ...(dnsName !== undefined && { dns_name: dnsName }),
    service_id: clusterId,
    service_name: serviceName(model.cluster(clusterId)),
    cluster_id: clusterId,
    vpc_id: model.vpcs[0]?.id,
    account_id: found.accountId,
    max_session: maxSession,
    ...(typeof found.maxConnectionRate === "number" && { max_connection_rate: found.maxConnectionRate }),
    ...(typeof found.maxBandwidth === "number" && { max_bandwidth: found.maxBandwidth }),
    sessions,
    attached: note === undefined,
    ...(note !== undefined && { note }),
    refusals: found.refusals ?? { session_cap: 0 },
    ...(error !== undefined && { error }),
    created_at: created,
  };
}

/** The same endpoint in the VPCEP API. */
export function vpcepBody(model: FakeModel, { id, clusterId, sources }: FakeEndpoint): object {
  return {
    id,
    enable_status: model.cluster(clusterId).isOpen ? "enable" : "disable",
    enable_whitelist: sources !== undefined,
    whitelist: sources ?? [],
  };
}

export function vpcBody(vpc: FakeVpc): object {
  const subnet = {
    id: `${vpc.id.slice(0, -1)}0`,
    name: "default",
    cidr: vpc.cidr,
    ...(vpc.cidr6 !== undefined && { cidr6: vpc.cidr6 }),
    addresses_used: 1,
    addresses_free: 4_000,
  };
  return { ...vpc, subnets: [subnet], created_at: created };
}
