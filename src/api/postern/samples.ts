import type { EndpointId } from "../../domain/ids.ts";
import { sampleEveryS } from "../../domain/sample-book.ts";
import { requireCluster } from "../actions/find.ts";
import { samplesAnswer, throughputAnswer } from "../answers/samples.ts";
import { renderTime } from "../css/render-connections.ts";
import { defineOperation, type ApiContext } from "../operation.ts";
import { clusterParams, pageQuery, readPage, resourceParams } from "../schema.ts";
import { requireOwn } from "./locate-endpoint.ts";
import { endpointQuery, endpointsOf } from "./sessions.ts";
import { Type } from "../type-builder.ts";

/** The owner's view of the last hour of a cluster: all its endpoints together, or one. */
export const listSamplesOfCluster = defineOperation({
  id: "ListSamplesOfCluster",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/samples",
  action: "css:VPCEndpoint:listConnection",
  schemas: {
    params: clusterParams,
    query: Type.Object({ endpoint: Type.Optional(endpointQuery) }),
    answer: samplesAnswer,
  },
  async handle({ principal, params, query }, context) {
    const endpoints = await context.store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      return endpointsOf(tx, await tx.services.allOfCluster(cluster.id), query);
    });
    return { body: render(context, endpoints) };
  },
});

const throughputQuery = Type.Object({
  ...pageQuery.properties,
  /** How far back; 15 where it is left out. */
  minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 60 })),
});

/** What each connection of a cluster carried of late, in a few bytes each: for small lines in a long list. */
export const listThroughputOfConnections = defineOperation({
  id: "ListThroughputOfConnections",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/samples/connections",
  action: "css:VPCEndpoint:listConnection",
  schemas: { params: clusterParams, query: throughputQuery, answer: throughputAnswer },
  async handle({ principal, params, query }, { store, samples, clock }) {
    const endpoints = await store.read(async (tx) => {
      const cluster = await requireCluster(tx, principal, params.cluster_id);
      return endpointsOf(tx, await tx.services.allOfCluster(cluster.id), {});
    });
    const turns = ((query.minutes ?? 15) * 60) / sampleEveryS;
    const { from, bytes } = samples.throughput(endpoints, turns, clock.now());
    const { offset, limit } = readPage(query);
    const shown = [...bytes].slice(offset, offset + limit);
    return {
      body: {
        interval_seconds: sampleEveryS,
        from: renderTime(from),
        connections: shown.map(([endpoint, carried]) => ({ endpoint, bytes: carried })),
        total_count: bytes.size,
      },
    };
  },
});

/** The consumer's view of the last hour of his endpoint. */
export const listSamplesOfEndpoint = defineOperation({
  id: "ListSamplesOfEndpoint",
  method: "GET",
  path: "/postern/v1/:project_id/endpoints/:id/samples",
  action: "vpcep:endpoints:get",
  schemas: { params: resourceParams, answer: samplesAnswer },
  async handle({ principal, params }, context) {
    const { endpoint } = await context.store.read((tx) => requireOwn(tx, principal, params.id));
    return { body: render(context, [endpoint.id]) };
  },
});

function render({ samples, clock }: ApiContext, endpoints: readonly EndpointId[]): object {
  return {
    interval_seconds: sampleEveryS,
    samples: samples
      .samples(endpoints, clock.now())
      .map(({ at, sessions, newSessions, bytesIn, bytesOut, refusals }) => ({
        at: renderTime(at),
        sessions,
        new_sessions: newSessions,
        bytes_in: bytesIn,
        bytes_out: bytesOut,
        refusals,
      })),
  };
}
