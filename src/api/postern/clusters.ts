import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type ClusterId } from "../../domain/ids.ts";
import { checkQuota } from "../../domain/quotas.ts";
import type { Cluster } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { basicAuthorization } from "../../lib/basic-authorization.ts";
import { commit } from "../actions/commit.ts";
import { requireSubnet, requireUnusedServices } from "../actions/find.ts";
import { releaseCluster } from "../actions/release.ts";
import { checkIfMatch, clusterEtag, liveReply } from "../etag.ts";
import { defineOperation, type ApiContext, type Principal } from "../operation.ts";
import { flag, pageQuery, projectParams, readFlag, readPage, resourceParams, stringEnum } from "../schema.ts";
import { askNodes, identifyCluster, type ClusterIdentity, type ProbeSettings } from "./identify-cluster.ts";
import { parseNodeAddresses, type NodeAddresses } from "./node-address.ts";
import { renderCluster } from "./render.ts";
import { clusterAnswer, probeAnswer } from "../answers/cluster.ts";
import { pageOf } from "../answers/parts.ts";
import { Type } from "../type-builder.ts";

const nodeLimit = 200;

/** Where the nodes are, and what it takes to ask them. */
const nodeAccess = {
  nodes: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1, maxItems: nodeLimit }),
  username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  password: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  ca: Type.Optional(Type.String({ minLength: 1, maxLength: 100_000 })),
  insecure_skip_verify: Type.Optional(flag),
};

const registration = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 32, pattern: "^[a-zA-Z][a-zA-Z0-9_-]*$" }),
  ...nodeAccess,
  /** Asked of the nodes where they are left out. */
  engine: Type.Optional(stringEnum(["opensearch", "elasticsearch"])),
  version: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  vpc_id: Type.Optional(Type.String({ maxLength: 64 })),
  subnet_id: Type.Optional(Type.String({ maxLength: 64 })),
  client_port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  probe: Type.Optional(flag),
});

type Registration = Static<typeof registration>;

export const registerCluster = defineOperation({
  id: "RegisterCluster",
  method: "POST",
  path: "/postern/v1/:project_id/clusters",
  action: "postern:cluster:register",
  schemas: { params: projectParams, body: registration, answer: clusterAnswer },
  async handle(request, context) {
    const { body: wish, principal } = request;
    const addresses = parseNodeAddresses(wish.nodes);
    const credentials = readCredentials(wish);
    const identity = await identify(context, wish, addresses, credentials?.authorization);
    const { result, headers } = await commit(
      context,
      request,
      "registerCluster",
      `cluster/${wish.name}`,
      (tx) => insert(tx, context, principal, { ...wish, ...identity, ...addresses, credentials }),
    );
    return {
      headers: { ...headers, etag: clusterEtag(result) },
      body: renderCluster(result, undefined, context.live),
    };
  },
});

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly authorization: string;
}

const probed = Type.Object(nodeAccess);

/** Asks the nodes of a cluster what they are, as registering it does, and keeps nothing. */
export const probeCluster = defineOperation({
  id: "ProbeCluster",
  method: "POST",
  path: "/postern/v1/:project_id/clusters/probe",
  action: "postern:cluster:register",
  schemas: { params: projectParams, body: probed, answer: probeAnswer },
  async handle({ body: wish }, context) {
    const addresses = parseNodeAddresses(wish.nodes);
    const settings = settingsOf(wish, readCredentials(wish)?.authorization);
    return { body: { nodes: await askNodes(context.probe, addresses, settings) } };
  },
});

function readCredentials({ username, password }: Static<typeof probed>): Credentials | undefined {
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw new PosternError("missing_parameter", "Give username and password together, or neither.");
  }
  const authorization = basicAuthorization(username, password);
  return { username, password, authorization };
}

async function identify(
  context: ApiContext,
  wish: Registration,
  addresses: NodeAddresses,
  authorization: string | undefined,
): Promise<ClusterIdentity> {
  const isProbed = wish.probe === undefined || readFlag(wish.probe);
  const found = isProbed
    ? await identifyCluster(context.probe, addresses, settingsOf(wish, authorization))
    : undefined;
  return {
    engine: wish.engine ?? found?.engine ?? "opensearch",
    engineVersion: wish.version ?? found?.engineVersion ?? "unknown",
  };
}

function settingsOf(wish: Static<typeof probed>, authorization: string | undefined): ProbeSettings {
  return {
    insecureSkipVerify: readFlag(wish.insecure_skip_verify),
    ...(wish.ca === undefined ? {} : { ca: wish.ca }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

type NewCluster = Omit<Registration, "nodes" | "engine"> &
  ClusterIdentity &
  NodeAddresses & { readonly credentials: Credentials | undefined };

async function insert(
  tx: Repositories,
  context: ApiContext,
  principal: Principal,
  wish: NewCluster,
): Promise<Cluster> {
  const { vpc, subnet } = await requireSubnet(tx, principal, wish.vpc_id, wish.subnet_id);
  const present = await tx.clusters.findByName(principal.projectId, wish.name);
  if (present && present.state !== "released") {
    throw new PosternError("cluster_exists", `A cluster named ${wish.name} is registered already.`);
  }
  if (present) await tx.clusters.delete(present.id);
  checkQuota("clusters", (await tx.counts(principal.projectId)).clusters);
  const now = context.clock.now();
  const cluster: Cluster = {
    id: newUuid<ClusterId>(),
    projectId: principal.projectId,
    name: wish.name,
    state: "registered",
    tags: [],
    engine: wish.engine,
    engineVersion: wish.engineVersion,
    nodes: wish.nodes,
    scheme: wish.scheme,
    username: wish.credentials?.username ?? null,
    sealedPassword: wish.credentials ? context.seal(wish.credentials.password) : null,
    ca: wish.ca ?? null,
    insecureSkipVerify: readFlag(wish.insecure_skip_verify),
    clientPort: wish.client_port ?? 9200,
    vpcId: vpc.id,
    subnetId: subnet.id,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  await tx.clusters.insert(cluster);
  return cluster;
}

export const listRegisteredClusters = defineOperation({
  id: "ListRegisteredClusters",
  method: "GET",
  path: "/postern/v1/:project_id/clusters",
  action: "postern:cluster:list",
  schemas: { params: projectParams, query: pageQuery, answer: pageOf("clusters", clusterAnswer) },
  async handle({ principal, query }, context) {
    return context.store.read(async (tx) => {
      const { items, total } = await tx.clusters.list(
        principal.projectId,
        { includeReleased: true },
        readPage(query),
      );
      const clusters: object[] = [];
      for (const cluster of items) {
        clusters.push(renderCluster(cluster, await tx.services.findOpened(cluster.id), context.live));
      }
      return { body: { clusters, total_count: total } };
    });
  },
});

export const showRegisteredCluster = defineOperation({
  id: "ShowRegisteredCluster",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:id",
  action: "postern:cluster:get",
  schemas: { params: resourceParams, answer: clusterAnswer },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const cluster = await requireRegistration(tx, principal, params.id);
      const service = await tx.services.findOpened(cluster.id);
      return liveReply(cluster, renderCluster(cluster, service, context.live));
    });
  },
});

/** Removes the registration with everything that hangs on it, unless a service of VPCEP is in use. */
export const removeCluster = defineOperation({
  id: "RemoveCluster",
  method: "DELETE",
  path: "/postern/v1/:project_id/clusters/:id",
  action: "postern:cluster:remove",
  schemas: { params: resourceParams },
  async handle(request, context) {
    const { id } = request.params;
    const { headers } = await commit(context, request, "removeCluster", `cluster/${id}`, async (tx) => {
      const cluster = await requireRegistration(tx, request.principal, id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      await requireUnusedServices(tx, cluster);
      await releaseCluster(tx, cluster, context.clock.now());
    });
    return { status: 204, headers };
  },
});

/** @throws PosternError cluster_not_found */
export async function requireRegistration(
  tx: Repositories,
  principal: Principal,
  id: string,
): Promise<Cluster> {
  const cluster = await tx.clusters.find(id as ClusterId);
  if (cluster?.projectId === principal.projectId) return cluster;
  throw new PosternError("cluster_not_found", `Cluster ${id} does not exist in this project.`);
}
