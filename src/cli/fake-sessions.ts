import { FakeRefusal, type FakeEndpoint, type FakeModel } from "./fake-model.ts";

/** Those of a cluster, or of the endpoint of it that is named. @throws FakeRefusal */
export function sessionsOfCluster(model: FakeModel, id: string, query: URLSearchParams): { body: object } {
  const isNamed = query.has("endpoint");
  const endpoints = isNamed ? [connection({ model, id, query })] : model.connections(id);
  return { body: page(endpoints, query, "owner") };
}

export function sessionsOfOwn(endpoint: FakeEndpoint, query: URLSearchParams): { body: object } {
  return { body: page([endpoint], query, "consumer") };
}

/** Returns the connection of a service that the query names. @throws FakeRefusal */
export function connection(call: {
  readonly model: FakeModel;
  readonly id: string;
  readonly query: URLSearchParams;
}): FakeEndpoint {
  const { model, query } = call;
  const named = query.get("endpoint");
  const found = model.connections(model.cluster(call.id).id).find(({ id }) => id === named);
  if (!found) throw new FakeRefusal(400, "CSS.0001", `${String(named)} is no connection of it.`);
  return found;
}

/** @param encoded as it is in a path @throws FakeRefusal where it is not there */
export function endSession(endpoint: FakeEndpoint, encoded: string): { status: number; severed: number } {
  const id = decodeURIComponent(encoded);
  const rest = endpoint.live?.filter((session) => session.id !== id);
  if (!rest || rest.length === endpoint.live?.length) {
    throw new FakeRefusal(404, "CSS.0016", `Endpoint ${endpoint.id} has no session ${id}.`);
  }
  endpoint.live = rest;
  endpoint.sessions = rest.length;
  return { status: 204, severed: 1 };
}

function page(
  endpoints: readonly FakeEndpoint[],
  query: URLSearchParams,
  viewer: "owner" | "consumer",
): object {
  const all = endpoints.flatMap(({ live = [] }) => live);
  const sorted = all.toSorted((one, other) =>
    query.get("sort") === "bytes"
      ? other.bytes_in - one.bytes_in
      : (one.age_seconds ?? 0) - (other.age_seconds ?? 0),
  );
  const sessions = sorted
    .slice(0, Number(query.get("limit") ?? 100))
    .map(({ node, ...session }) => (viewer === "owner" ? { ...session, node } : session));
  return { sessions, total_count: all.length, returned_count: sessions.length };
}
