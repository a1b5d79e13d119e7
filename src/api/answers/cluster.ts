import { stringEnum } from "../schema.ts";
import { count, orNull, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

export const nodeAnswer = Type.Object(
  {
    id: text,
    url: text,
    state: stringEnum(["serving", "draining", "drained", "down"]),
    /** null while no gateway checks it. */
    healthy: orNull(yesOrNo),
    detail: text,
    /** Left out while gateways have not counted them. */
    sessions: Type.Optional(count),
    /** These three grow while gateways run; left out where a gateway cannot tell whose bytes go to the node's address. */
    new_sessions: Type.Optional(count),
    bytes_in: Type.Optional(count),
    bytes_out: Type.Optional(count),
    drain: Type.Optional(Type.Object({ since: time, cut_at: Type.Optional(time) })),
  },
  { title: "ClusterNode" },
);

export const openedServiceAnswer = Type.Object(
  {
    id: text,
    name: text,
    enabled: yesOrNo,
    approval_enabled: yesOrNo,
    reconcile_connections: yesOrNo,
    dns: yesOrNo,
    professional: yesOrNo,
  },
  { title: "OpenedService" },
);

export const clusterAnswer = Type.Object(
  {
    id: text,
    name: text,
    state: text,
    engine: stringEnum(["opensearch", "elasticsearch"]),
    version: text,
    client_port: count,
    vpc_id: text,
    subnet_id: text,
    nodes: Type.Array(nodeAnswer),
    /** null until it is opened for the first time. */
    service: orNull(openedServiceAnswer),
    created_at: time,
    updated_at: time,
  },
  { title: "Cluster" },
);

export const probeAnswer = Type.Object({
  nodes: Type.Array(
    Type.Object(
      {
        url: text,
        answered: yesOrNo,
        /** "HTTP 200", or why there was no answer. */
        detail: text,
        /** Where the node said what it is. */
        engine: Type.Optional(stringEnum(["opensearch", "elasticsearch"])),
        version: Type.Optional(text),
        name: Type.Optional(text),
        cluster_name: Type.Optional(text),
        /** Nodes of one cluster have the same. */
        cluster_uuid: Type.Optional(text),
      },
      { title: "ProbedNode" },
    ),
  ),
});
