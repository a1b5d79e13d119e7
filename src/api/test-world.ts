import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../lib/log.ts";
import type { EndpointId } from "../domain/ids.ts";
import type { LiveSession } from "../domain/live-session.ts";
import { inDirectory, testDirectory } from "../lib/test-directory.ts";
import {
  startTestServer,
  Tenant,
  withTestServer,
  type Answer,
  type Json,
  type TestServer,
} from "./test-server.ts";

/** Furnishing takes some thirty requests: once for all worlds, which begin with copies of the database. */
const furnished = await inDirectory(async (directory) => {
  const file = join(directory, "postern.db");
  const made = await withTestServer(file, furnish);
  return { ...made, database: await readFile(file) };
});

/** A tenant that has one of everything, and what paths, queries and headers call it. Its tokens are its own. */
export async function startWorld(log?: Logger) {
  const { database, accountId, projectId, token, ...known } = furnished;
  const file = join(testDirectory(), "postern.db");
  writeFileSync(file, database);
  const server = await startTestServer(undefined, file, log);
  const first = new Tenant(server, accountId, projectId, token);
  const owner = new Tenant(server, accountId, projectId, await first.expiringToken(null));
  server.gateways.sessions = [aSession(known.ids.endpoint_id as EndpointId)];
  const subject = await owner.expiringToken(server.clock.now() + 60_000);
  return { ...known, server, file, owner, subject };
}

async function furnish(server: TestServer) {
  const owner = await server.tenant("owner", true);
  const cluster = await owner.open("logs", { profession_vpcep: true });
  const spare = await owner.register("spare");
  const balanced = await owner.register("balanced");
  const [connection] = (await cluster.connections()).connections;
  const service = (await cluster.connections()).vpcServiceName.split(".").at(-1) ?? "";
  const permissions = await owner.call("GET", `/v1/{p}/vpc-endpoint-services/${service}/permissions`);
  const made = async (path: string, body: Json, key = "id") => {
    const answer = await owner.call("POST", path, body);
    if (answer.status >= 300) throw new Error(answer.text);
    return String(answer.body[key]);
  };
  // Before there is another network, which the endpoint would come to lie in.
  const { webhook, delivery } = await aWebhook(owner);
  const vpc = await made("/postern/v1/{p}/vpcs", { name: "edge" });
  const subnets = (await owner.call("GET", `/v1/{p}/subnets?vpc_id=${vpc}`)).body["subnets"] as Json[];
  const home = (await owner.call("GET", `/postern/v1/{p}/clusters/${balanced.id}`)).body["vpc_id"];
  const deletable = await made("/v1/{p}/vpc-endpoint-services", {
    port_id: balanced.id,
    vpc_id: home,
    server_type: "LB",
    ports: [{ client_port: 80, server_port: 9200 }],
  });
  const account = await made("/postern/v1/accounts", { name: "team" }, "account_id");
  const project = (await owner.call("POST", "/v3/projects", { project: { name: "other" } })).body["project"];
  const [node] = (await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}`)).body["nodes"] as Json[];
  const ids = {
    node_id: String(node?.["id"]),
    project_id: owner.projectId,
    cluster_id: cluster.id,
    service_id: service,
    endpoint_id: connection?.id ?? "",
    permission_id: String((permissions.body["permissions"] as Json[])[0]?.["id"]),
    domain_id: await made(`/postern/v1/{p}/services/${service}/domains`, { name: "logs.example.com" }),
    session_id: "10.0.0.7:51234-9200",
    delivery_id: delivery,
    resource_type: "endpoint",
    resource_id: connection?.id ?? "",
  };
  const own = {
    clusters: cluster.id,
    connections: ids.endpoint_id,
    endpoints: ids.endpoint_id,
    services: service,
    vpcs: vpc,
    webhooks: webhook,
    subnets: String(subnets[0]?.["id"]),
    accounts: account,
    projects: String((project as Json)["id"]),
    users: await made("/postern/v1/users", { name: "eve" }),
    keys: await made("/postern/v1/keys", {}, "access_key"),
  };
  await owner.givePassword("owner");
  const { accountId, projectId, token } = owner;
  return { accountId, projectId, token, ids, own, vpc, home, spare: spare.id, deletable };
}

/** A webhook that something is on its way to. */
async function aWebhook(owner: Tenant): Promise<{ readonly webhook: string; readonly delivery: string }> {
  const path = "/postern/v1/{p}/webhooks";
  const made = await owner.call("POST", path, { url: "https://hooks.example.com/" });
  await owner.connect("logs");
  const webhook = String(made.body["id"]);
  const { body } = await owner.call("GET", `${path}/${webhook}/deliveries`);
  return { webhook, delivery: String((body["deliveries"] as Json[])[0]?.["id"]) };
}

/** The one that paths name. */
function aSession(endpointId: EndpointId): LiveSession {
  const source = { host: "10.0.0.7", port: 51_234 };
  return { endpointId, source, clientPort: 9200, bytesIn: 1, bytesOut: 1, state: "established" };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

function urlOf({ ids, own }: World, path: string): string {
  const segments = path.split("/");
  const collection = segments[segments.indexOf(":id") - 1] as keyof typeof own;
  return path.replaceAll(/:([a-z_]+)/g, (_match, name: string) =>
    name === "id" ? own[collection] : ids[name as keyof typeof ids],
  );
}

/** Where something is only possible on one that has no service yet, or whose service nobody uses. */
function worldFor(id: string, world: World): World {
  if (id === "StartVpcep") return { ...world, ids: { ...world.ids, cluster_id: world.spare } };
  if (id === "ImportConnections") return { ...world, own: { ...world.own, clusters: world.spare } };
  if (id === "DeleteEndpointService") return { ...world, ids: { ...world.ids, service_id: world.deletable } };
  return world;
}

const noDigest = "0".repeat(64);

const plainBodies: Readonly<Record<string, Json>> = {
  VerifyAuditLines: { events: [{ seq: 1, previous: noDigest, digest: noDigest, hash: noDigest }] },
  StartVpcep: {},
  RegisterCluster: { name: "new", nodes: ["http://10.0.0.6:9200"], probe: false },
  ImportConnections: {
    listing: {
      vpcServiceName: "region.saved.cf072729-b076-49db-83d3-020dc9f589bd",
      connections: [],
      permissions: [],
      vpcepUpdateSwitch: true,
      total_count: 0,
    },
  },
  CreateVpc: { name: "new" },
  DrainNode: { force: true },
  CreateWebhook: { url: "https://hooks.example.com/new" },
  UpdateWebhook: { description: "new" },
  UpdateVpc: { attachment: { kind: "loopback" } },
  CreateConsumerEndpoint: { service: "logs" },
  CreateAccount: { name: "new" },
  UpdateLogLevel: { process: "server", level: "debug", for_seconds: 1 },
  CreateUser: { name: "new" },
  UpdateUser: { role: "custom" },
  KeystoneCreateProject: { project: { name: "new" } },
  KeystoneCreateUserTokenByPassword: {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: "owner", password: "right", domain: { name: "owner" } } },
      },
    },
  },
  CreateSession: { account: "owner", user: "owner", password: "right" },
  CreateTemporaryAccessKeyByToken: { auth: { identity: { methods: ["token"] } } },
  CreateServiceDomain: { name: "other.example.com" },
  ReplaceWhitelistOfService: { vpc_permissions: [] },
  UpdateVpcepWhitelist: { vpc_permissions: [] },
  CreateCluster: { cluster: { name: "spare", datastore: { type: "opensearch", version: "2" } } },
  CreateClusterV1: { cluster: { name: "spare" } },
  UpdateBatchClustersTags: { action: "create", tags: [{ key: "a", value: "b" }] },
  UpdateConnectionCap: { max_session: 1 },
  UpdateOpenedService: { professional: true },
  UpdateEndpointServiceName: { endpoint_service_name: "new" },
  UpdateEndpointServicePermissionDesc: { permission: { description: "new" } },
  AddOrRemoveServicePermissions: { action: "add", permissions: ["*"] },
  BatchAddEndpointServicePermissions: { permissions: [{ permission: "*" }] },
  UpgradeEndpoint: { action: "start" },
  BatchAddOrRemoveResourceInstance: { action: "create", tags: [{ key: "a", value: "b" }] },
};

function bodyOf(id: string, { ids, own, vpc, home }: World): Json | undefined {
  const bodies: Readonly<Record<string, Json>> = {
    ...plainBodies,
    CreateEndpoint: { endpoint_service_id: ids.service_id, vpc_id: vpc, subnet_id: own.subnets },
    CreateEndpointService: {
      port_id: "spare",
      vpc_id: home,
      server_type: "LB",
      ports: [{ client_port: 80, server_port: 9200 }],
    },
    CreateAccessKey: { user_id: own.users },
    UpdateVpcepConnection: { action: "reject", endpoint_id_list: [ids.endpoint_id] },
    DecideConnectionsOfService: { action: "reject", endpoint_id_list: [ids.endpoint_id] },
    AcceptOrRejectEndpoint: { action: "reject", endpoints: [ids.endpoint_id] },
    UpdateEndpointConnectionsDesc: { connections: [{ id: ids.endpoint_id, description: "new" }] },
    BatchRemoveEndpointServicePermissions: { permissions: [{ id: ids.permission_id }] },
  };
  return bodies[id];
}

/** Calls an operation so that it finds what it needs. */
export function callWith(
  world: World,
  id: string,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const cookie = { cookie: `postern_session=${world.subject}`, "x-postern-console": "1" };
  const all = { "x-subject-token": world.subject, ...(id === "DeleteSession" ? cookie : {}), ...headers };
  const isNamed = ["EndSessionOfCluster", "EndSessionOfService"].includes(id);
  const query = isNamed ? `?endpoint=${world.ids.endpoint_id}` : "";
  return world.owner.call(method, `${urlOf(worldFor(id, world), path)}${query}`, bodyOf(id, world), all);
}
