import type { Chance } from "../../test/support/chance.ts";
import { isKernelAttachment } from "../domain/attachment.ts";
import type { DesiredState } from "../domain/build-snapshot.ts";
import type { GatewayView } from "../domain/control.ts";
import { initialState, type EndpointState } from "../domain/endpoint-state.ts";
import type { ExplainFacts, ExplainQuestion } from "../domain/explain.ts";
import type { AccountId, ClusterId, EndpointId, NodeId, ServiceId, VpcId } from "../domain/ids.ts";
import type { Cluster, ClusterNode, Endpoint, EndpointService, KernelVpc, Vpc } from "../domain/resources.ts";
import { aCluster, aService, anEndpoint, gatewayId, hexId, uuid } from "../domain/test-fixtures.ts";
import { isWhitelisted, permissionOf } from "../domain/whitelist.ts";

/** What the world of some situations offers: addresses, sources and nodes that really are there. */
export interface SituationPlace {
  /** Returns addresses that no other situation has. */
  addressOf(n: number): Pick<Endpoint, "address" | "address6">;
  /** Whom connections come from. */
  readonly sources: readonly string[];
  /** Those of them, IPv4, that any endpoint may be reached from: sessions are held from there. */
  readonly holders: readonly string[];
  /** Entries of source whitelists: some have sources in them, some have not. */
  readonly sourceEntries: readonly string[];
  readonly nodes: readonly Omit<ClusterNode, "id">[];
  /** Which nodes really serve; left out, it is made up which of them do. */
  readonly serves?: (node: Omit<ClusterNode, "id">) => boolean;
  readonly vpc: Vpc;
  /** A network that no gateway is attached to. */
  readonly unattached: Vpc;
}

export interface Situation {
  readonly facts: Omit<ExplainFacts, "figures">;
  readonly question: ExplainQuestion & { readonly source: string; readonly port: number };
  /** The endpoint as the gateway is told of it: the question's account's, where it names one. */
  readonly carried: Endpoint;
  /** Sessions that somebody has had since before. */
  readonly held: number;
  /** From whom. */
  readonly heldFrom: string;
}

export const revision = 5;
/** What everybody is told of; an endpoint that is newer is not. */
const told: GatewayView = {
  id: gatewayId,
  connected: true,
  appliedRevision: revision,
  pid: 1,
  engines: null,
  lastSeenAt: 0,
};
const accounts = [1, 11, 12].map((n) => hexId(n) as AccountId);
const [owner = hexId(1) as AccountId] = accounts;
/** Every port here is the endpoint's or nobody's. */
const ports = [9200, 9201, 9202] as const;

/** Returns the nth of a row of situations, which has ids and addresses of its own. */
export function someSituation(chance: Chance, place: SituationPlace, n: number): Situation {
  const isOneOf = (outOf: number): boolean => chance.below(outOf) === 0;
  // Nodes that really are there are the same for all: gateways check each once.
  const firstNode = place.serves ? 700 : n * 1000;
  const nodes = place.nodes
    .map((node, index) => ({ ...node, id: uuid(firstNode + index) as NodeId }))
    .filter(() => !isOneOf(4));
  const usable = new Set(nodes.filter(place.serves ?? (() => !isOneOf(4))).map(({ id }) => id));
  const id = uuid(n * 1000);
  const cluster = aCluster({ id: id as ClusterId, nodes, clientPort: ports[0] });
  const service = aService({
    id: id as ServiceId,
    clusterId: cluster.id,
    enabled: !isOneOf(6),
    approvalEnabled: isOneOf(2),
    ports: isOneOf(3) ? [{ clientPort: ports[1], serverPort: cluster.clientPort }] : [],
  });
  const permissions = isOneOf(6) ? ["*"] : chance.some(accounts.slice(1)).map(permissionOf);
  const vpc = isOneOf(12) ? place.unattached : place.vpc;
  const endpoint = anEndpoint({
    id: id as EndpointId,
    serviceId: service.id,
    accountId: chance.one(accounts),
    vpcId: vpc.id,
    ...place.addressOf(n),
    markerId: 16_777_217 + n,
    ...someState(chance),
    maxSession: 1 + chance.below(3),
    // Nothing has come of late: any rate has room for one.
    maxConnectionRate: chance.one([null, 1, 5]),
    sourceWhitelistEnabled: isOneOf(2),
    sourceWhitelist: chance.some(place.sourceEntries),
    createdRevision: isOneOf(12) ? revision + 1 : revision - 1,
  });
  const account = isOneOf(4) ? chance.one(accounts) : undefined;
  const facts = {
    endpoint,
    service,
    cluster,
    vpc,
    owner,
    permissions,
    gateways: [told],
    recent: undefined,
    asOf: 0,
  };
  return {
    facts: { ...facts, isUsable: (node) => usable.has(node.id) },
    question: {
      viewer: isOneOf(2) ? "owner" : "consumer",
      account,
      source: chance.one(place.sources),
      port: chance.one(isOneOf(4) ? ports : [service.ports[0]?.clientPort ?? cluster.clientPort]),
    },
    carried: account === undefined ? endpoint : madeBy(account, { endpoint, service, permissions }),
    held: chance.below(endpoint.maxSession + 1),
    heldFrom: chance.one(place.holders),
  };
}

function someState(chance: Chance): EndpointState {
  const approval = chance.one(["accepted", "accepted", "accepted", "pending", "rejected"] as const);
  const rejectedBy = approval === "rejected" ? chance.one(["owner", "whitelist"] as const) : null;
  return { phase: "ready", approval, rejectedBy };
}

/** Returns the same endpoint as another account would get it, and lose it again where it is not on the whitelist. */
function madeBy(
  accountId: AccountId,
  {
    endpoint,
    service,
    permissions,
  }: { endpoint: Endpoint; service: EndpointService; permissions: readonly string[] },
): Endpoint {
  if (accountId === endpoint.accountId) return endpoint;
  const state = initialState(service.approvalEnabled && accountId !== owner);
  if (isWhitelisted(permissions, owner, accountId)) return { ...endpoint, accountId, ...state };
  return { ...endpoint, accountId, ...state, approval: "rejected", rejectedBy: "whitelist" };
}

/** Returns the state that all of these situations are. */
export function stateOf(situations: readonly Situation[], place: SituationPlace): DesiredState {
  const clusters: Cluster[] = situations.map(({ facts }) => facts.cluster);
  const { vpc } = place;
  return {
    revision,
    clusters,
    services: situations.map(({ facts }) => facts.service),
    // A snapshot of this revision does not have what came later.
    endpoints: situations
      .map(({ carried }) => carried)
      .filter(({ createdRevision }) => createdRevision <= revision),
    kernelVpcs: isOfKernel(vpc) ? [vpc] : [],
    unattachedVpcs: new Set<VpcId>([place.unattached.id]),
    resolvers: [],
    verifiedDomains: [],
  };
}

function isOfKernel(vpc: Vpc): vpc is KernelVpc {
  return isKernelAttachment(vpc.attachment);
}

/** Returns the same situations before anything of them became so: everybody is let in. */
export function calmStateOf(situations: readonly Situation[], place: SituationPlace): DesiredState {
  const state = stateOf(situations, place);
  const open: Partial<Endpoint> = {
    approval: "accepted",
    rejectedBy: null,
    sourceWhitelistEnabled: false,
    maxConnectionRate: null,
  };
  const { serves = () => true } = place;
  return {
    ...state,
    clusters: state.clusters.map((cluster) => ({ ...cluster, nodes: cluster.nodes.filter(serves) })),
    services: state.services.map((service) => ({ ...service, enabled: true })),
    endpoints: state.endpoints.map((endpoint) => ({ ...endpoint, ...open })),
  };
}

/** Whether sessions can be held, by IPv4: there is an endpoint, and a node that takes them. */
export function canHold({ carried, facts }: Situation, { serves = () => true }: SituationPlace): boolean {
  const isThere = facts.vpc.attachment.kind !== "none" && carried.createdRevision <= revision;
  return isThere && facts.cluster.nodes.some((node) => serves(node) && !node.host.includes(":"));
}
