import type { LiveView } from "../../domain/control.ts";
import { endpointStatus } from "../../domain/endpoint-state.ts";
import { endpointDnsName } from "../../domain/names.ts";
import { poolOf, poolSize } from "../../domain/pool.ts";
import { zeroFigures, type NodeTraffic } from "../../domain/report.ts";
import type { VpcId } from "../../domain/ids.ts";
import { nodeState } from "../../domain/node-state.ts";
import type {
  Cluster,
  ClusterNode,
  Endpoint,
  EndpointService,
  NodeDrain,
  Subnet,
  Vpc,
} from "../../domain/resources.ts";
import { portsOf } from "../../domain/service-ports.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4Prefix } from "../../lib/ipv4.ts";
import { renderTime } from "../css/render-connections.ts";
import { nodeUrl } from "./node-address.ts";
import { renderFigures } from "./render-figures.ts";

/** A cluster in our own API, with what the gateways know of its nodes. */
export function renderCluster(
  cluster: Cluster,
  service: EndpointService | undefined,
  live: LiveView,
): object {
  return {
    id: cluster.id,
    name: cluster.name,
    state: cluster.state,
    engine: cluster.engine,
    version: cluster.engineVersion,
    client_port: cluster.clientPort,
    vpc_id: cluster.vpcId,
    subnet_id: cluster.subnetId,
    nodes: cluster.nodes.map((node) => renderNode(cluster, node, live)),
    service: service ? renderOpenedService(service) : null,
    created_at: renderTime(cluster.createdAt),
    updated_at: renderTime(cluster.updatedAt),
  };
}

/** A node as its owner sees it, with what the gateways know of it. */
export function renderNode({ scheme }: Cluster, node: ClusterNode, live: LiveView): object {
  const health = live.node(node.id);
  const figures = live.nodeFigures(node.id);
  return {
    id: node.id,
    url: nodeUrl(scheme, node),
    state: nodeState(node, health, figures?.sessions ?? null),
    healthy: health?.healthy ?? null,
    detail: health?.detail ?? "not checked: the VPC endpoint service is not in use",
    ...(figures ? { sessions: figures.sessions } : {}),
    ...(figures?.traffic ? renderTraffic(figures.traffic) : {}),
    ...(node.drain ? { drain: renderDrain(node.drain) } : {}),
  };
}

function renderTraffic({ newSessions, bytesIn, bytesOut }: NodeTraffic): object {
  return { new_sessions: newSessions, bytes_in: bytesIn, bytes_out: bytesOut };
}

function renderDrain({ since, cutAt }: NodeDrain): object {
  return { since: renderTime(since), ...(cutAt === null ? {} : { cut_at: renderTime(cutAt) }) };
}

/** The service that opening its cluster made. */
export function renderOpenedService(service: EndpointService): object {
  return {
    id: service.id,
    name: service.name,
    enabled: service.enabled,
    approval_enabled: service.approvalEnabled,
    reconcile_connections: service.reconcileConnections,
    dns: service.dnsEnabled,
    professional: service.professional,
  };
}

/** Where the installation is, what its gateways say, and where they are not. */
export interface Place {
  readonly live: LiveView;
  readonly region: string;
  readonly zone: string;
  /** Networks that no gateway is attached to. */
  readonly unattachedVpcs: ReadonlySet<VpcId>;
}

/** Returns what endpoints are rendered with. */
export async function placeOf(
  tx: Repositories,
  { live, region, zone }: Omit<Place, "unattachedVpcs">,
): Promise<Place> {
  return { live, region, zone, unattachedVpcs: await tx.networks.unattachedVpcs() };
}

const unattachedNote =
  "No gateway is attached to the network of this endpoint, so nothing is carried: its address and state are only kept.";

/** An endpoint in our own API, with its live counters. */
export function renderEndpoint(
  endpoint: Endpoint,
  service: EndpointService,
  cluster: Cluster,
  { live, region, zone, unattachedVpcs }: Place,
): object {
  const isAttached = !unattachedVpcs.has(endpoint.vpcId);
  const figures = live.endpoint(endpoint.id) ?? zeroFigures(endpoint.id);
  return {
    id: endpoint.id,
    status: endpointStatus(endpoint),
    ip: endpoint.address,
    ...(endpoint.address6 === null ? {} : { ip6: endpoint.address6 }),
    port: service.ports[0]?.clientPort ?? cluster.clientPort,
    ports: portsOf(service, cluster).map(({ clientPort }) => clientPort),
    service_id: service.id,
    service_name: service.name,
    cluster_id: cluster.id,
    vpc_id: endpoint.vpcId,
    subnet_id: endpoint.subnetId,
    account_id: endpoint.accountId,
    project_id: endpoint.projectId,
    max_session: endpoint.maxSession,
    ...(endpoint.maxConnectionRate === null ? {} : { max_connection_rate: endpoint.maxConnectionRate }),
    ...(endpoint.maxBandwidth === null ? {} : { max_bandwidth: endpoint.maxBandwidth }),
    ...(endpoint.dnsEnabled ? { dns_name: endpointDnsName(endpoint.id, region, zone) } : {}),
    attached: isAttached,
    ...(isAttached ? {} : { note: unattachedNote }),
    specification_name: endpoint.specificationName,
    description: endpoint.description,
    ...renderFigures(figures),
    ...(endpoint.failureCode === null
      ? {}
      : { error: { code: endpoint.failureCode, message: endpoint.failureMessage } }),
    created_at: renderTime(endpoint.createdAt),
    ...(endpoint.updatedAt === null ? {} : { updated_at: renderTime(endpoint.updatedAt) }),
  };
}

export interface SubnetUse {
  readonly subnet: Subnet;
  readonly used: number;
  /** Of the used addresses: those that no new endpoint would get. */
  readonly usedOutsidePool: number;
}

export function renderVpc(vpc: Vpc, subnets: readonly SubnetUse[]): object {
  return {
    id: vpc.id,
    name: vpc.name,
    cidr: vpc.cidr,
    ...(vpc.cidr6 === null ? {} : { cidr6: vpc.cidr6 }),
    attachment: vpc.attachment,
    ...(vpc.dnsAddress === null ? {} : { dns_address: vpc.dnsAddress }),
    subnets: subnets.map(({ subnet, used, usedOutsidePool }) => {
      const prefix = parseIpv4Prefix(subnet.cidr);
      return {
        id: subnet.id,
        name: subnet.name,
        cidr: subnet.cidr,
        ...(subnet.cidr6 === null ? {} : { cidr6: subnet.cidr6 }),
        addresses_used: used,
        addresses_free: prefix ? poolSize(poolOf(prefix)) - used + usedOutsidePool : 0,
      };
    }),
    created_at: renderTime(vpc.createdAt),
  };
}
