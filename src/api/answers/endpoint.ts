import { endpointStatuses } from "../../domain/endpoint-state.ts";
import { refusalReasons } from "../../domain/refusal.ts";
import { stringEnum } from "../schema.ts";
import { count, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

/** Counters since the gateway started, by reason. */
export const refusalCounts = Type.Object(
  Object.fromEntries(refusalReasons.map((reason) => [reason, count])),
  {
    title: "RefusalCounts",
  },
);

export const endpointStatusName = stringEnum(endpointStatuses);

/** What an endpoint carries: `sessions` is now, the others count since its gateway started. */
export const figures = { sessions: count, new_sessions: count, bytes_in: count, bytes_out: count };

/** The consumer's endpoint, which is the owner's connection. */
export const endpointAnswer = Type.Object(
  {
    id: text,
    status: endpointStatusName,
    ip: text,
    ip6: Type.Optional(text),
    port: count,
    ports: Type.Array(count),
    service_id: text,
    service_name: text,
    cluster_id: text,
    vpc_id: text,
    subnet_id: text,
    account_id: text,
    project_id: text,
    max_session: count,
    max_connection_rate: Type.Optional(count),
    max_bandwidth: Type.Optional(count),
    dns_name: Type.Optional(text),
    attached: yesOrNo,
    note: Type.Optional(text),
    specification_name: text,
    description: text,
    /** For the owner of the service, in his list of connections. */
    owner_note: Type.Optional(text),
    ...figures,
    refusals: refusalCounts,
    error: Type.Optional(Type.Object({ code: text, message: text })),
    created_at: time,
    updated_at: Type.Optional(time),
  },
  { title: "Endpoint" },
);

export const sessionsAnswer = Type.Object({
  sessions: Type.Array(
    Type.Object(
      {
        id: text,
        endpoint: text,
        source: text,
        /** For the owner. */
        node: Type.Optional(text),
        state: text,
        started_at: Type.Optional(time),
        age_seconds: Type.Optional(count),
        idle_seconds: Type.Optional(count),
        bytes_in: count,
        bytes_out: count,
      },
      { title: "LiveSession" },
    ),
  ),
  total_count: count,
  returned_count: count,
  gateways_missing: Type.Optional(count),
});

export const refusalAnswer = Type.Object(
  {
    reason: stringEnum(refusalReasons),
    rule: text,
    source: Type.Optional(text),
    endpoint: text,
    account: text,
    first_at: time,
    last_at: time,
    count,
  },
  { title: "Refusal" },
);

export const explanationAnswer = Type.Object(
  {
    endpoint: text,
    account: Type.Optional(text),
    source: Type.Optional(text),
    port: Type.Optional(count),
    verdict: stringEnum(["admitted", "refused", "unreachable", "unknown"]),
    reason: Type.Optional(text),
    rules: Type.Array(
      Type.Object(
        {
          name: text,
          outcome: stringEnum(["passed", "refused", "unreachable", "unknown"]),
          reason: Type.Optional(text),
          looked_at: text,
          change: Type.Optional(
            Type.Object({
              by: stringEnum(["owner", "consumer", "operator"]),
              what: text,
              command: Type.Optional(text),
            }),
          ),
        },
        { title: "ExplainedRule" },
      ),
    ),
  },
  { title: "Explanation" },
);
