import type { Static } from "typebox";
import type { Repositories } from "../../domain/store.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { projectParams, stringEnum } from "../schema.ts";
import { renderClusterItem } from "./render-cluster.ts";
import { Type } from "../type-builder.ts";

const query = Type.Object({
  /** From 1, as published; 0 is taken as 1. */
  start: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  datastoreType: Type.Optional(stringEnum(["elasticsearch", "opensearch", "logstash"])),
});

type Query = Static<typeof query>;

/** Contract section 2.1. */
export const listClusters = defineOperation({
  id: "ListClustersDetails",
  method: "GET",
  path: "/v1.0/:project_id/clusters",
  action: "css:cluster:list",
  schemas: { params: projectParams, query },
  async handle({ principal, query: filter }, context) {
    const { items, total } = await context.store.read((tx) => find(tx, principal, filter));
    return { body: { totalSize: total, clusters: items.map(renderClusterItem) } };
  },
});

async function find(tx: Repositories, principal: Principal, filter: Query) {
  const offset = filter.offset ?? Math.max(0, (filter.start ?? 1) - 1);
  const { datastoreType: engine, limit = 10 } = filter;
  // Postern has no Logstash clusters: the answer is empty, not an error.
  if (engine === "logstash") return { items: [], total: 0 };
  return tx.clusters.list(principal.projectId, engine ? { engine } : {}, { offset, limit });
}
