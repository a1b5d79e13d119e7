import { basicAuthorization } from "../lib/basic-authorization.ts";
import { compareText } from "../lib/compare-text.ts";
import type { DesiredNetwork } from "./desired.ts";
import { admissionRefusal } from "./endpoint-state.ts";
import type { ClusterId, GatewayId, ServiceId, VpcId } from "./ids.ts";
import type { Cluster, Endpoint, EndpointService, KernelVpc } from "./resources.ts";
import type { ServiceDomain } from "./service-domain.ts";
import { portsBesideRegistered, portsOf } from "./service-ports.ts";
import type { HealthCheck, Resolver, Snapshot, SnapshotEndpoint, SnapshotService } from "./snapshot.ts";

/** Everything that a snapshot is made of, read in one transaction. */
export interface DesiredState {
  readonly revision: number;
  readonly clusters: readonly Cluster[];
  readonly services: readonly EndpointService[];
  readonly endpoints: readonly Endpoint[];
  /** Networks that the kernel carries. */
  readonly kernelVpcs: readonly KernelVpc[];
  /** Networks that no gateway is attached to. */
  readonly unattachedVpcs: ReadonlySet<VpcId>;
  /** The addresses that names are served at in loopback networks. */
  readonly resolvers: readonly Resolver[];
  /** Names of their own that services have, which are proven. */
  readonly verifiedDomains: readonly ServiceDomain[];
}

/** What private names end with. */
export interface NamePlace {
  readonly region: string;
  readonly zone: string;
}

/** What the snapshots of an installation have in common. */
export interface SnapshotOrigin extends NamePlace {
  /** Whose revisions they carry; undefined leaves it out. */
  readonly lineage?: string;
}

/** Opens a sealed secret. */
type Unseal = (sealed: string) => string;

/**
 * Returns what one gateway is to bring about; endpoints in networks without an attachment are left out. Networks that
 * the kernel carries come whether there are endpoints in them or not: an attachment does not come and go with them.
 * Everything comes sorted by id: equal states, equal text.
 */
export function buildSnapshot(
  state: DesiredState,
  gatewayId: GatewayId,
  { region, zone, lineage }: SnapshotOrigin,
  unseal: Unseal,
): Snapshot {
  const clusters = new Map<ClusterId, Cluster>(state.clusters.map((cluster) => [cluster.id, cluster]));
  const services = new Map<ServiceId, EndpointService>(
    state.services.map((service) => [service.id, service]),
  );
  const kernelVpcs = new Map<VpcId, KernelVpc>(state.kernelVpcs.map((vpc) => [vpc.id, vpc]));
  const domains = Map.groupBy(state.verifiedDomains, ({ serviceId }) => serviceId);
  const endpoints: SnapshotEndpoint[] = [];
  const served = new Map<ServiceId, SnapshotService>();
  for (const endpoint of state.endpoints.toSorted(byId)) {
    const service = services.get(endpoint.serviceId);
    const cluster = service && clusters.get(service.clusterId);
    if (!service || !cluster || state.unattachedVpcs.has(endpoint.vpcId)) continue;
    served.set(service.id, snapshotService(service, cluster, domains.get(service.id) ?? [], unseal));
    const place = kernelVpcs.has(endpoint.vpcId) ? kernelPlace(endpoint) : {};
    endpoints.push({ ...snapshotEndpoint(endpoint, service, cluster), ...place });
  }
  const resolvers = state.resolvers.toSorted((a, b) => compareText(a.vpcId, b.vpcId));
  const hasNames = resolvers.length > 0 || state.kernelVpcs.some(({ dnsAddress }) => dnsAddress !== null);
  return {
    format: 1,
    gatewayId,
    region,
    revision: state.revision,
    ...(lineage === undefined ? {} : { lineage }),
    services: [...served.values()].toSorted(byId),
    endpoints,
    ...(kernelVpcs.size > 0 ? { networks: state.kernelVpcs.toSorted(byId).map(snapshotNetwork) } : {}),
    ...(hasNames ? { dns: { zone, resolvers } } : {}),
  };
}

function snapshotNetwork({ id, number, attachment, cidr, cidr6, dnsAddress }: KernelVpc): DesiredNetwork {
  return {
    id,
    number,
    attachment,
    cidrs: cidr6 === null ? [cidr] : [cidr, cidr6],
    ...(dnsAddress === null ? {} : { resolver: dnsAddress }),
  };
}

function kernelPlace(endpoint: Endpoint): Pick<SnapshotEndpoint, "attachment" | "kernel"> {
  const { markerId, maxConnectionRate, maxBandwidth } = endpoint;
  return {
    attachment: "kernel",
    kernel: {
      number: markerId,
      ...(maxConnectionRate === null ? {} : { connectionRate: maxConnectionRate }),
      ...(maxBandwidth === null ? {} : { byteRate: maxBandwidth }),
    },
  };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compareText(a.id, b.id);
}

function snapshotEndpoint(endpoint: Endpoint, service: EndpointService, cluster: Cluster): SnapshotEndpoint {
  return {
    id: endpoint.id,
    serviceId: service.id,
    vpcId: endpoint.vpcId,
    attachment: "loopback",
    address: endpoint.address,
    ...(endpoint.address6 === null ? {} : { address6: endpoint.address6 }),
    ...(endpoint.dnsEnabled ? { hasName: true } : {}),
    clientPorts: portsOf(service, cluster).map(({ clientPort }) => clientPort),
    maxSession: endpoint.maxSession,
    refusal: admissionRefusal(endpoint, service.enabled),
    ...(endpoint.sourceWhitelistEnabled ? { sources: endpoint.sourceWhitelist } : {}),
  };
}

function snapshotService(
  service: EndpointService,
  cluster: Cluster,
  domains: readonly ServiceDomain[],
  unseal: Unseal,
): SnapshotService {
  const serverPorts = portsBesideRegistered(service, cluster);
  return {
    id: service.id,
    nodes: cluster.nodes.map(({ id, host, port, drain }) => ({
      id,
      host,
      port,
      ...(drain ? { drain } : {}),
    })),
    healthCheck: healthCheck(cluster, unseal),
    ...(serverPorts.length > 0 ? { serverPorts } : {}),
    ...(domains.length > 0 ? { domains: domains.map(({ name }) => name) } : {}),
  };
}

function healthCheck(cluster: Cluster, unseal: Unseal): HealthCheck {
  return {
    scheme: cluster.scheme,
    path: "/",
    insecureSkipVerify: cluster.insecureSkipVerify,
    ...(cluster.username !== null && cluster.sealedPassword !== null
      ? { authorization: basicAuthorization(cluster.username, unseal(cluster.sealedPassword)) }
      : {}),
    ...(cluster.ca === null ? {} : { ca: cluster.ca }),
  };
}
