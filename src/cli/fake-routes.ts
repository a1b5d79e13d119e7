import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { clusterBody, created, endpointBody, serviceName, vpcBody, vpcepBody } from "./fake-bodies.ts";
import { addDomain, deleteDomain, listDomains, verifyDomain } from "./fake-domains.ts";
import { explainFake, refusalsOf } from "./fake-explain.ts";
import { drainNode, undrainNode } from "./fake-nodes.ts";
import type { FakeEndpoint, FakeModel, FakeRegistration, FakeVpc } from "./fake-model.ts";
import { FakeRefusal } from "./fake-model.ts";
import { connection, endSession, sessionsOfCluster, sessionsOfOwn } from "./fake-sessions.ts";
import type { Attachment } from "./wire.ts";

/** Every field that some request of the API has. */
export interface FakeBody extends FakeRegistration {
  readonly action?: string;
  readonly approval_enabled?: boolean;
  readonly endpoint_id_list?: readonly string[];
  readonly vpc_permissions?: readonly string[];
  readonly service?: string;
  readonly max_session?: number;
  readonly listing?: FakeListing;
  readonly create_missing?: boolean;
  readonly cidr?: string;
  readonly cidr6?: string;
  readonly dual_stack?: boolean;
  readonly dualstack_enable?: boolean;
  readonly attachment?: Attachment;
  readonly max_connection_rate?: number | null;
  readonly max_bandwidth?: number | null;
  readonly timeout_seconds?: number;
  readonly force?: boolean;
}

/** A listing to import, as far as the fake looks at it. */
interface FakeListing {
  readonly connections: readonly {
    readonly id: string;
    readonly status: string;
    readonly domain_id: string;
    readonly vpcepIp: string;
  }[];
  readonly vpcServiceName: string;
  readonly permissions: readonly { readonly id: string; readonly permission: string }[];
}

export interface FakeReply {
  readonly status?: number;
  readonly body?: object;
  readonly etag?: string;
  /** Sessions that were cut; makes the answer one of a write. */
  readonly severed?: number;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: FakeBody;
}

interface Call {
  readonly model: FakeModel;
  readonly request: SeenRequest;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly second: string;
}

/** Method and path below the project, with the handler; `:id` and `:second` stand for one segment. */
const routes: readonly (readonly [string, (call: Call) => FakeReply])[] = [
  ["GET /status", status],
  [
    "GET /clusters",
    ({ model, query }) =>
      paged(
        "clusters",
        model.clusters.filter(({ of }) => of === undefined).map((one) => clusterBody(model, one)),
        query,
      ),
  ],
  ["POST /clusters", ({ model, request }) => ({ body: clusterBody(model, model.addCluster(request.body)) })],
  ["GET /clusters/:id", ({ model, id }) => ({ body: clusterBody(model, model.cluster(id)) })],
  ["DELETE /clusters/:id", ({ model, id }) => ({ status: 204, severed: model.removeCluster(id) })],
  [
    "POST /clusters/:id/nodes/:second/drain",
    ({ model, id, second }) => ({ body: drainNode(model, clusterBody(model, model.cluster(id)), second) }),
  ],
  [
    "POST /clusters/:id/nodes/:second/undrain",
    ({ model, id, second }) => ({ body: undrainNode(model, clusterBody(model, model.cluster(id)), second) }),
  ],
  ["POST /clusters/:id/import", importListing],
  [
    "GET /clusters/:id/connections",
    ({ model, id, query }) =>
      paged(
        "connections",
        model.connections(query.get("service_id") ?? id).map((one) => endpointBody(model, one)),
        query,
      ),
  ],
  ["GET /explain", ({ model, query }) => ({ body: explainFake(model, query) })],
  ["GET /(?:clusters|services|endpoints)/:id/refusals", ({ model, id }) => ({ body: refusalsOf(model, id) })],
  ["GET /services", services],
  ["GET /services/:id/domains", ({ model, id }) => ({ body: listDomains(model, id) })],
  [
    "POST /services/:id/domains",
    ({ model, request, id }) => ({ body: addDomain(model, id, request.body.name ?? "") }),
  ],
  [
    "POST /services/:id/domains/:second/verify",
    ({ model, second }) => ({ body: verifyDomain(model, second), severed: 0 }),
  ],
  ["DELETE /services/:id/domains/:second", ({ model, second }) => deleteDomain(model, second)],
  ["GET /services/:id/connections", connections],
  ["GET /clusters/:id/sessions", ({ model, id, query }) => sessionsOfCluster(model, id, query)],
  ["GET /endpoints/:id/sessions", ({ model, id, query }) => sessionsOfOwn(endpoint(model, id), query)],
  ["DELETE /services/:id/sessions/:second", (call) => endSession(connection(call), call.second)],
  [
    "DELETE /endpoints/:id/sessions/:second",
    (call) => endSession(endpoint(call.model, call.id), call.second),
  ],
  ["POST /services/:id/connections", decide],
  ["POST /services/:id/permissions", permit],
  ["PUT /clusters/:id/connections/:second", setCap],
  ["PUT /clusters/:id/service", changeService],
  ["GET /css/clusters/:id", ({ model, id }) => ({ body: { vpcepIp: model.connections(id).at(-1)?.ip } })],
  ["POST /css/clusters/:id/vpcepservice/open", open],
  ["PUT /css/clusters/:id/vpcepservice/close", close],
  ["GET /css/clusters/:id/vpcepservice/connections", connections],
  ["POST /css/clusters/:id/vpcepservice/connections", decide],
  ["POST /css/clusters/:id/vpcepservice/permissions", permit],
  [
    "GET /endpoints",
    ({ model, query }) =>
      paged(
        "endpoints",
        model.endpoints.map((one) => endpointBody(model, one)),
        query,
      ),
  ],
  ["POST /endpoints", createEndpoint],
  ["GET /endpoints/:id", ({ model, id }) => ({ body: endpointBody(model, endpoint(model, id)) })],
  ["DELETE /endpoints/:id", deleteEndpoint],
  ["GET /vpcep/vpc-endpoints/:id", ({ model, id }) => ({ body: vpcepBody(model, endpoint(model, id)) })],
  ["GET /vpcs", ({ model, query }) => paged("vpcs", model.vpcs.map(vpcBody), query)],
  ["POST /vpcs", createVpc],
  ["GET /vpcs/:id", ({ model, id }) => ({ body: vpcBody(vpcOf(model, id)) })],
  ["PUT /vpcs/:id", attachVpc],
  ["DELETE /vpcs/:id", deleteVpc],
];

/** Handles one request. @throws FakeRefusal */
export function routeOf(
  model: FakeModel,
  project: string,
  request: SeenRequest,
  query: URLSearchParams,
): FakeReply {
  const path = request.path
    .replace(`/postern/v1/${project}`, "")
    .replace(`/v1.0/${project}`, "/css")
    .replace(`/v1/${project}`, "/vpcep");
  for (const [pattern, handle] of routes) {
    const expression = pattern.replace(":id", "(?<id>[^/]+)").replace(":second", "(?<second>[^/]+)");
    const match = new RegExp(`^${expression}$`).exec(`${request.method} ${path}`);
    const { id = "", second = "" } = match?.groups ?? {};
    if (match !== null) return handle({ model, request, query, id, second });
  }
  throw new FakeRefusal(404, "APIGW.0101", "The API does not exist");
}

function paged(key: string, items: readonly object[], query: URLSearchParams): FakeReply {
  const offset = Number(query.get("offset") ?? 0);
  const limit = Number(query.get("limit") ?? 100);
  if (limit < 1 || limit > 1_000) throw new FakeRefusal(400, "CSS.5038", "limit must be from 1 to 1000.");
  return { body: { [key]: items.slice(offset, offset + limit), total_count: items.length } };
}

function services({ model, query }: Call): FakeReply {
  const enabled = model.clusters.filter(({ isOpen }) => isOpen);
  const items = enabled.map((one) => ({
    id: one.id,
    name: serviceName(one),
    cluster_id: one.of ?? one.id,
    cluster_name: model.cluster(one.of ?? one.id).name,
    origin: one.of === undefined ? "css" : "vpcep",
    connections: model.connections(one.id).length,
  }));
  return paged("services", items, query);
}

function status({ model }: Call): FakeReply {
  const sessions = model.endpoints.reduce((sum, one) => sum + one.sessions, 0);
  const counts = {
    clusters: model.clusters.length,
    services: 0,
    endpoints: model.endpoints.length,
    sessions,
    unattached: model.endpoints.filter(({ note }) => note !== undefined).length,
  };
  const gateway = { id: "g1", name: "gateway-1", connected: true, pid: 12, last_seen_at: created };
  const gateways = [{ ...gateway, engines: ["proxy", "kernel"], applied_revision: model.revision }];
  return {
    body: {
      version: "0.1.0",
      region: "local-1",
      dns_zone: "local-1.postern.internal",
      revision: model.revision,
      pid: 11,
      gateways,
      counts,
    },
  };
}

function open({ model, request, id }: Call): FakeReply {
  model.open(id, request.body.approval_enabled === true, request.body.dualstack_enable);
  return { body: { action: "createVpcepservice" }, severed: 0 };
}

function changeService({ model, request, id }: Call): FakeReply {
  const cluster = model.openCluster(id);
  cluster.approval = request.body.approval_enabled ?? cluster.approval;
  return { body: clusterBody(model, cluster)["service"] as object };
}

function close({ model, id }: Call): FakeReply {
  return { severed: model.close(id), body: { action: "deleteVpcepservice" } };
}

function connections({ model, query, id }: Call): FakeReply {
  const cluster = model.openCluster(id);
  const found = model.connections(id).map((one) => ({
    id: one.id,
    status: one.status,
    maxSession: String(one.maxSession),
    specificationName: "default",
    vpcepIp: one.ip,
    ...(one.ip6 !== undefined && { vpcepIpv6Address: one.ip6 }),
    domain_id: one.accountId,
    created_at: created,
  }));
  const permissions = cluster.accounts.map((account) => ({
    id: randomUUID(),
    permission: account === "*" ? "*" : `iam:domain::${account}`,
    permission_type: "domainId",
    created_at: created,
  }));
  const page = paged("connections", found, query).body;
  const body = { ...page, vpcServiceName: serviceName(cluster), permissions, vpcepUpdateSwitch: true };
  return { body, etag: `"${cluster.version}"` };
}

function importListing({ model, request, id }: Call): FakeReply {
  model.cluster(id);
  const { connections: listed = [], vpcServiceName = "", permissions = [] } = request.body.listing ?? {};
  const lacking = listed.find((one) => one.domain_id === model.missingAccount);
  if (lacking) {
    const obstacles = [
      { connection: lacking.id, reason: `no account ${lacking.domain_id}`, fix: "make it" },
      { service: vpcServiceName, reason: "it is there", fix: "remove it" },
      { permission: permissions[0]?.id, reason: "it is there", fix: "remove it" },
    ];
    throw new FakeRefusal(400, "CSS.5090", "3 obstacles are in the way.", { obstacles });
  }
  const isMade = request.body.create_missing === true;
  const body = {
    service: { id: "service", name: vpcServiceName },
    connections: listed.map((one) => ({
      id: one.id,
      status: one.status,
      ip: one.vpcepIp,
      account_id: one.domain_id,
    })),
    permissions,
    accounts_made: isMade ? [{ id: "a1", name: "imported-a1" }] : [],
    networks_made: isMade ? [{ id: "n", name: "imported", cidr: "10.0.0.0/24" }] : [],
    notes: ["nothing is carried yet"],
  };
  return { body, severed: 0 };
}

function decide({ model, request, id }: Call): FakeReply {
  const { action = "", endpoint_id_list: ids = [] } = request.body;
  return { body: {}, severed: model.decide(id, action, ids) };
}

function permit({ model, request, id }: Call): FakeReply {
  const expected = request.headers["if-match"];
  if (expected !== undefined && expected !== `"${model.cluster(id).version}"`) {
    throw new FakeRefusal(412, "CSS.5090", "It has changed since it was read.");
  }
  return { body: {}, severed: model.permit(id, request.body.vpc_permissions ?? []) };
}

function setCap({ model, request, second }: Call): FakeReply {
  const found = endpoint(model, second);
  const { max_session: maxSession, max_connection_rate: rate, max_bandwidth: bandwidth } = request.body;
  found.maxSession = Number(maxSession);
  if (rate !== undefined) found.maxConnectionRate = rate;
  if (bandwidth !== undefined) found.maxBandwidth = bandwidth;
  return { body: endpointBody(model, found), severed: 0 };
}

function createEndpoint({ model, request }: Call): FakeReply {
  const service = request.body.service ?? "";
  const cluster = model.clusters.find((one) => [one.name, one.id, serviceName(one)].includes(service));
  if (cluster === undefined) throw new FakeRefusal(404, "CSS.0016", `There is no service ${service}.`);
  const found = model.addEndpoint(
    cluster.id,
    model.accountId,
    cluster.approval ? "pendingAcceptance" : "accepted",
    request.body.dual_stack,
  );
  return { body: endpointBody(model, found), severed: 0 };
}

function deleteEndpoint({ model, id }: Call): FakeReply {
  const found = endpoint(model, id);
  model.endpoints.splice(model.endpoints.indexOf(found), 1);
  return { status: 204, severed: found.sessions };
}

function createVpc({ model, request }: Call): FakeReply {
  const vpc = {
    id: randomUUID(),
    name: request.body.name ?? "",
    cidr: request.body.cidr ?? "127.2.0.0/20",
    ...(request.body.cidr6 !== undefined && { cidr6: request.body.cidr6 }),
    attachment: request.body.attachment ?? { kind: "loopback" },
  };
  model.vpcs.push(vpc);
  return { body: vpcBody(vpc) };
}

function vpcOf(model: FakeModel, id: string): FakeVpc {
  const found = model.vpcs.find((vpc) => vpc.id === id);
  if (found === undefined) throw new FakeRefusal(404, "CSS.0016", "No such VPC.");
  return found;
}

function attachVpc({ model, request, id }: Call): FakeReply {
  const vpc = vpcOf(model, id);
  vpc.attachment = request.body.attachment ?? vpc.attachment;
  if (request.body.cidr6 !== undefined) vpc.cidr6 = request.body.cidr6;
  return { body: vpcBody(vpc), severed: 0 };
}

function deleteVpc({ model, id }: Call): FakeReply {
  model.vpcs.splice(model.vpcs.indexOf(vpcOf(model, id)), 1);
  return { status: 204 };
}

function endpoint(model: FakeModel, id: string): FakeEndpoint {
  const found = model.endpoints.find((candidate) => candidate.id === id);
  if (found === undefined) throw new FakeRefusal(404, "CSS.0016", `There is no endpoint ${id}.`);
  return found;
}
