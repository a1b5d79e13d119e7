import type { ToldChange } from "../domain/audit.ts";
import type { DataPlaneKind, Turn } from "../domain/conditions.ts";
import { toBothSides, toOwnerAndConsumers, type NewEvent, type ServiceFacts } from "../domain/events.ts";
import type { EndpointId, GatewayId, NodeId, ProjectId, ServiceId, SubnetId } from "../domain/ids.ts";
import type { Endpoint } from "../domain/resources.ts";
import type { Repositories } from "../domain/store.ts";
import { severedBetween, type Aspect } from "./observations.ts";

/** What is told of one turn: events, and what the audit trail says. */
export interface Told {
  readonly kind: DataPlaneKind;
  readonly resource: string;
  readonly events: readonly NewEvent[];
  /** What the trail says besides that it happened. */
  readonly change?: ToldChange;
}

type Tell = (
  tx: Repositories,
  turn: Turn,
  id: string,
  details: readonly string[],
) => Promise<Told | undefined>;

/** What is told where each aspect of something turns; undefined where nobody is to hear of it. */
const tellers: Readonly<Record<Aspect, Tell>> = {
  pid: (tx, turn, id) =>
    turn.from === "" ? Promise.resolve(undefined) : tellGateway(tx, turn, id, "gateway.takeover"),
  silence: (tx, turn, id) =>
    tellGateway(tx, turn, id, turn.to === "silent" ? "gateway.silent" : "gateway.back"),
  health: tellNode,
  nodes: tellService,
  cap: tellCap,
  severed: tellSevered,
  pool: tellPool,
};

/** Returns what is to be told of a turn, and to whom; undefined where that is nobody, as what turned is no more. */
export async function tellTurn(tx: Repositories, turn: Turn): Promise<Told | undefined> {
  const [aspect, resource = "", ...details] = turn.key.split(" ");
  const id = resource.slice(resource.indexOf("/") + 1);
  return tellers[aspect as Aspect](tx, turn, id, details);
}

/** Flapping shows in a count. */
function countOf({ changes }: Turn): Readonly<Record<string, unknown>> {
  return changes > 1 ? { changes } : {};
}

async function factsOf(
  tx: Repositories,
  id: ServiceId,
  withConsumers: boolean,
): Promise<ServiceFacts | undefined> {
  const service = await tx.services.find(id);
  if (!service) return undefined;
  const { projectId, clusterId, name } = service;
  return { id, projectId, clusterId, name, consumers: withConsumers ? await tx.events.consumers(id) : [] };
}

async function tellNode(
  tx: Repositories,
  turn: Turn,
  id: string,
  [, serviceId = ""]: readonly string[],
): Promise<Told | undefined> {
  const service = await tx.services.find(serviceId as ServiceId);
  const cluster = service && (await tx.clusters.find(service.clusterId));
  const node = cluster?.nodes.find((one) => one.id === (id as NodeId));
  if (!cluster || !node) return undefined;
  const kind = turn.to === "down" ? "node.down" : "node.up";
  const resource = `node/${id}`;
  const data = {
    node_id: id,
    host: node.host,
    port: node.port,
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    ...countOf(turn),
  };
  return { kind, resource, events: [{ projectId: cluster.projectId, kind, resource, data }] };
}

async function tellService(tx: Repositories, turn: Turn, id: string): Promise<Told | undefined> {
  const facts = await factsOf(tx, id as ServiceId, true);
  if (!facts) return undefined;
  const kind = turn.to === "none" ? "service.no_healthy_node" : "service.healthy";
  const events = toOwnerAndConsumers(facts, kind).map((event) => ({
    ...event,
    data: { ...event.data, ...countOf(turn) },
  }));
  return { kind, resource: `service/${id}`, events };
}

interface Located {
  readonly endpoint: Endpoint;
  readonly service: ServiceFacts;
}

async function locate(tx: Repositories, id: string): Promise<Located | undefined> {
  const endpoint = await tx.endpoints.find(id as EndpointId);
  const service = endpoint && (await factsOf(tx, endpoint.serviceId, false));
  return endpoint && service && { endpoint, service };
}

async function tellCap(tx: Repositories, turn: Turn, id: string): Promise<Told | undefined> {
  if (turn.to === "0" || (turn.from === "100" && turn.to === "80")) return undefined;
  const located = await locate(tx, id);
  const kind = turn.to === "100" ? "cap.100" : "cap.80";
  return located && toldOf(located, turn, kind, { max_session: located.endpoint.maxSession });
}

/** Both sides find in the trail how many it were. */
async function tellSevered(tx: Repositories, turn: Turn, id: string): Promise<Told | undefined> {
  const located = await locate(tx, id);
  if (!located) return undefined;
  const sessions = severedBetween(turn.from, turn.to);
  const change: ToldChange = {
    kind: "endpoint",
    id,
    projectId: located.endpoint.projectId,
    ownerProjectId: located.service.projectId,
    accountId: null,
    before: { sessions_severed: 0 },
    after: { sessions_severed: sessions },
  };
  return { ...toldOf(located, turn, "sessions.severed", { sessions }), change };
}

function toldOf(
  { endpoint, service }: Located,
  turn: Turn,
  kind: "cap.80" | "cap.100" | "sessions.severed",
  data: Readonly<Record<string, unknown>>,
): Told {
  const events = toBothSides(endpoint, service, kind, { ...data, ...countOf(turn) });
  return { kind, resource: `endpoint/${endpoint.id}`, events };
}

/** Gateways are the installation's: those who run it are told. */
async function tellGateway(
  tx: Repositories,
  turn: Turn,
  id: string,
  kind: "gateway.silent" | "gateway.back" | "gateway.takeover",
): Promise<Told | undefined> {
  const gateway = await tx.gateways.find(id as GatewayId);
  if (!gateway) return undefined;
  const pid = kind === "gateway.takeover" ? { pid: Number(turn.to) } : {};
  const data = { gateway_id: id, name: gateway.name, ...pid, ...countOf(turn) };
  const resource = `gateway/${id}`;
  const events = (await tx.identity.operatorProjects()).map((projectId: ProjectId): NewEvent => ({
    projectId,
    kind,
    resource,
    data,
  }));
  return { kind, resource, events };
}

async function tellPool(tx: Repositories, turn: Turn, id: string): Promise<Told | undefined> {
  const subnet = await tx.networks.subnet(id as SubnetId);
  if (!subnet || turn.to !== "almost_empty") return undefined;
  const kind = "pool.almost_empty";
  const resource = `subnet/${id}`;
  const used = await tx.endpoints.countInSubnet(subnet.id);
  const data = { subnet_id: id, subnet_name: subnet.name, vpc_id: subnet.vpcId, cidr: subnet.cidr, used };
  return {
    kind,
    resource,
    events: [{ projectId: subnet.projectId, kind, resource, data: { ...data, ...countOf(turn) } }],
  };
}
