import type { LiveView } from "../../domain/control.ts";
import { PosternError } from "../../domain/errors.ts";
import type { Cluster, ClusterNode } from "../../domain/resources.ts";
import { commit } from "../actions/commit.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import {
  defineOperation,
  type ApiContext,
  type OperationReply,
  type OperationRequest,
} from "../operation.ts";
import { flag, nodeParams, readFlag } from "../schema.ts";
import { requireRegistration } from "./clusters.ts";
import { nodeUrl } from "./node-address.ts";
import { renderNode } from "./render.ts";
import { nodeAnswer } from "../answers/cluster.ts";
import { Type } from "../type-builder.ts";

const longestTimeoutS = 86_400;

const drain = Type.Object({
  /** Seconds until sessions that are still there are cut; without it they end by themselves. */
  timeout_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: longestTimeoutS })),
  /** Also where no other node serves. */
  force: Type.Optional(flag),
});

/** Keeps new sessions away from a node. Asked for again, the time limit counts anew. */
export const drainNode = defineOperation({
  id: "DrainNode",
  method: "POST",
  path: "/postern/v1/:project_id/clusters/:id/nodes/:node_id/drain",
  action: "postern:node:drain",
  schemas: { params: nodeParams, body: drain, answer: nodeAnswer },
  handle(request, context) {
    const { body: wish } = request;
    return changeNode(request, context, "drainNode", (cluster, node) => {
      if (!readFlag(wish.force)) requireAnotherServing(cluster, node, context.live);
      const since = context.clock.now();
      const cutAt = wish.timeout_seconds === undefined ? null : since + wish.timeout_seconds * 1_000;
      return { ...node, drain: { since, cutAt } };
    });
  },
});

export const undrainNode = defineOperation({
  id: "UndrainNode",
  method: "POST",
  path: "/postern/v1/:project_id/clusters/:id/nodes/:node_id/undrain",
  action: "postern:node:undrain",
  schemas: { params: nodeParams, answer: nodeAnswer },
  handle: (request, context) =>
    changeNode(request, context, "undrainNode", (_cluster, { id, host, port }) => ({ id, host, port })),
});

/** @throws PosternError cluster_not_found, resource_not_found, precondition_failed, and what `change` throws */
async function changeNode(
  request: OperationRequest<{ params: typeof nodeParams }>,
  context: ApiContext,
  action: string,
  change: (cluster: Cluster, node: ClusterNode) => ClusterNode,
): Promise<OperationReply> {
  const { id, node_id: nodeId } = request.params;
  const { result, headers } = await commit(
    context,
    request,
    action,
    `cluster/${id}/node/${nodeId}`,
    async (tx) => {
      const cluster = await requireRegistration(tx, request.principal, id);
      checkIfMatch(request.ifMatch, clusterEtag(cluster));
      const changed = change(cluster, requireNode(cluster, nodeId));
      const nodes = cluster.nodes.map((node) => (node.id === nodeId ? changed : node));
      await tx.clusters.setNodes(cluster.id, nodes);
      await tx.clusters.touch(cluster.id, context.clock.now());
      return { cluster: { ...cluster, version: cluster.version + 1 }, node: changed };
    },
  );
  return {
    headers: { ...headers, etag: clusterEtag(result.cluster) },
    body: renderNode(result.cluster, result.node, context.live),
  };
}

function requireNode(cluster: Cluster, id: string): ClusterNode {
  const node = cluster.nodes.find((candidate) => candidate.id === id);
  if (node) return node;
  throw new PosternError(
    "resource_not_found",
    `Cluster ${cluster.name} has no node ${id}. Read the cluster to find the ids of its nodes.`,
  );
}

/** @throws PosternError state_forbids where nothing would be left that takes new sessions */
function requireAnotherServing({ name, nodes, scheme }: Cluster, node: ClusterNode, live: LiveView): void {
  const others = nodes.filter(({ id }) => id !== node.id);
  const isServing = ({ id, drain: isDrained }: ClusterNode): boolean =>
    !isDrained && live.node(id)?.healthy !== false;
  if (others.some(isServing)) return;
  throw new PosternError(
    "state_forbids",
    `${nodeUrl(scheme, node)} is the last node of cluster ${name} that serves: the others are draining or down, so ` +
      "every new connection would be refused with no_healthy_node. Undrain another node first, or ask again with force.",
  );
}
