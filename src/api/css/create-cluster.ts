import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Cluster } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { addTags } from "../../domain/tags.ts";
import { whitelistLimit } from "../../domain/whitelist.ts";
import { commit } from "../actions/commit.ts";
import { openService } from "../actions/open-service.ts";
import { replaceWhitelist } from "../actions/replace-whitelist.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import {
  defineOperation,
  type ApiContext,
  type OperationReply,
  type OperationRequest,
} from "../operation.ts";
import { flag, projectParams, readFlag, stringEnum, tagList } from "../schema.ts";
import { Type } from "../type-builder.ts";

const name = Type.String({ minLength: 4, maxLength: 32, pattern: "^[a-zA-Z][a-zA-Z0-9_-]+$" });
const datastore = Type.Object({
  type: stringEnum(["elasticsearch", "opensearch"]),
  version: Type.Optional(Type.String({ maxLength: 64 })),
});

/**
 * Contract section 2.3. Postern makes no machines: it adopts the cluster that was registered under the name, so what
 * describes machines (roles, flavors, disks, networks, backups, payment) is accepted and has no effect.
 */
const bodyV2 = Type.Object({
  cluster: Type.Object({
    name,
    datastore,
    tags: Type.Optional(tagList),
    loadBalance: Type.Optional(
      Type.Object({
        endpointWithDnsName: flag,
        vpcPermissions: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: whitelistLimit }),
        ),
        professionVpcep: Type.Optional(flag),
        dualstackEnable: Type.Optional(flag),
      }),
    ),
  }),
});

const bodyV1 = Type.Object({
  cluster: Type.Object({ name, datastore: Type.Optional(datastore), tags: Type.Optional(tagList) }),
});

type Wanted = Static<typeof bodyV1>["cluster"] & Pick<Static<typeof bodyV2>["cluster"], "loadBalance">;
type LoadBalance = NonNullable<Wanted["loadBalance"]>;

export const createClusterV2 = defineOperation({
  id: "CreateCluster",
  method: "POST",
  path: "/v2.0/:project_id/clusters",
  action: "css:cluster:create",
  schemas: { params: projectParams, body: bodyV2 },
  handle: (request, context) => create(request, context, request.body.cluster),
});

export const createClusterV1 = defineOperation({
  id: "CreateClusterV1",
  method: "POST",
  path: "/v1.0/:project_id/clusters",
  action: "css:cluster:create",
  schemas: { params: projectParams, body: bodyV1 },
  handle: (request, context) => create(request, context, request.body.cluster),
});

async function create(
  request: OperationRequest,
  context: ApiContext,
  { name: clusterName, datastore: engine, tags, loadBalance }: Wanted,
): Promise<OperationReply> {
  const resource = `cluster/${clusterName}`;
  const { result, headers } = await commit(
    context,
    request,
    "createCluster",
    resource,
    async (tx, revision) => {
      const cluster = await adopt(tx, request, clusterName, engine?.type);
      await tx.clusters.setTags(cluster.id, addTags([], tags ?? []));
      if (loadBalance) await openAtCreation(tx, context, request, cluster, loadBalance, revision);
      await tx.clusters.touch(cluster.id, context.clock.now());
      return cluster;
    },
  );
  return { headers, body: { cluster: { id: result.id, name: result.name } } };
}

/** @throws PosternError nodes_unreachable, cluster_exists, unsupported */
async function adopt(
  tx: Repositories,
  request: OperationRequest,
  clusterName: string,
  engine: Cluster["engine"] | undefined,
): Promise<Cluster> {
  const registered = await tx.clusters.findByName(request.principal.projectId, clusterName);
  if (!registered) {
    throw new PosternError(
      "nodes_unreachable",
      `No cluster is registered as ${clusterName}. Register it first: postern cluster add ${clusterName} URL`,
    );
  }
  checkIfMatch(request.ifMatch, clusterEtag(registered));
  if (registered.state === "adopted") {
    throw new PosternError("cluster_exists", `A cluster named ${clusterName} exists already.`);
  }
  if (engine !== undefined && engine !== registered.engine) {
    throw new PosternError(
      "bad_parameter",
      `Cluster ${clusterName} runs ${registered.engine}, not ${engine}.`,
    );
  }
  await tx.clusters.setState(registered.id, "adopted");
  return registered;
}

async function openAtCreation(
  tx: Repositories,
  context: ApiContext,
  request: OperationRequest,
  cluster: Cluster,
  loadBalance: LoadBalance,
  revision: number,
): Promise<void> {
  const { principal } = request;
  const service = await openService(
    tx,
    context,
    principal,
    cluster,
    {
      dnsEnabled: readFlag(loadBalance.endpointWithDnsName),
      professional: readFlag(loadBalance.professionVpcep),
      dualStack: readFlag(loadBalance.dualstackEnable),
      approvalEnabled: undefined,
    },
    revision,
  );
  const { vpcPermissions } = loadBalance;
  if (!vpcPermissions) return;
  await replaceWhitelist(tx, service, principal.accountId, vpcPermissions, context.clock.now());
}
