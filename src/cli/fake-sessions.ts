import { FakeRefusal, type FakeEndpoint, type FakeModel } from "./fake-model.ts";

/** The part of the answer that consumers get. */
export function sessionPage(
  endpoints: readonly FakeEndpoint[],
  query: URLSearchParams,
  viewer: "owner" | "consumer",
): object {
  const all = endpoints.flatMap(({ live = [] }) => live);
  const keyOf = query.get("sort") === "bytes" ? "bytes_in" : "age_seconds";
  const sorted = all.toSorted((one, other) => {
    const difference = (one[keyOf] ?? 0) - (other[keyOf] ?? 0);
    return keyOf === "bytes_in" ? -difference : difference;
  });
  const sessions = sorted
    .slice(0, Number(query.get("limit") ?? 100))
    .map(({ node, ...session }) => (viewer === "owner" ? { ...session, node } : session));
  return { sessions, total_count: all.length, returned_count: sessions.length };
}

/** Those of a cluster, or the one of it that is named. @throws FakeRefusal */
export function sessionsOfCluster(model: FakeModel, clusterId: string, query: URLSearchParams): object {
  const named = query.get("endpoint");
  return sessionPage(
    named === null ? model.connections(clusterId) : [connection(model, clusterId, named)],
    query,
    "owner",
  );
}

/** @throws FakeRefusal */
export function connection(model: FakeModel, clusterId: string, id: string): FakeEndpoint {
  const found = model.connections(model.cluster(clusterId).id).find((one) => one.id === id);
  if (!found) throw new FakeRefusal(400, "CSS.0001", `${id} is no connection of it.`);
  return found;
}

/** @throws FakeRefusal where it is not there */
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
