import type { Endpoint, Session } from "../wire.ts";

/** An endpoint as the API gives it; the nth has the address 10.0.0.n. */
export function anEndpoint(n: number, wish: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `${n}${n}${n}${n}${n}${n}${n}${n}-0000-4000-8000-000000000000`,
    status: "accepted",
    ip: `10.0.0.${n}`,
    port: 9200,
    service_id: "s",
    service_name: "local.logs.s",
    cluster_id: "c",
    account_id: "a",
    vpc_id: "v",
    max_session: 100,
    sessions: n,
    new_sessions: 0,
    bytes_in: 0,
    bytes_out: 0,
    attached: true,
    refusals: {},
    created_at: "2026-01-02T03:04:05Z",
    ...wish,
  };
}

export function aSession(n: number, wish: Partial<Session> = {}): Session {
  return {
    id: `10.0.0.${n}:40000-9200`,
    endpoint: anEndpoint(1).id,
    source: `10.0.0.${n}:40000`,
    node: "10.9.0.1:9200",
    state: "established",
    age_seconds: n,
    idle_seconds: 0,
    bytes_in: n * 1_000,
    bytes_out: 0,
    ...wish,
  };
}
