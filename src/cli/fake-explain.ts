import type { FakeModel } from "./fake-model.ts";

/** What the fake explains: a session cap that is reached where there is one of 1, and nothing else. */
export function explainFake(model: FakeModel, query: URLSearchParams): object {
  const id = query.get("endpoint");
  const isFull = model.endpoints.find((endpoint) => endpoint.id === id)?.maxSession === 1;
  const network = { name: "network", outcome: "passed", looked_at: "A gateway is attached." };
  const change = { by: "owner", what: "Raise the cap.", command: `postern endpoint cap ${id} 2` };
  const cap = isFull
    ? { name: "session cap", outcome: "refused", reason: "session_cap", looked_at: "1 of 1 in use.", change }
    : { name: "session cap", outcome: "passed", looked_at: "There is room." };
  return {
    ...Object.fromEntries(query),
    verdict: isFull ? "refused" : "admitted",
    ...(isFull ? { reason: "session_cap" } : {}),
    rules: [network, cap],
  };
}

/** Two records, of the first endpoint. */
export function refusalsOf(model: FakeModel, of: string): object {
  const times = { first_at: "2026-01-02T03:04:05Z", last_at: "2026-01-02T04:04:05Z" };
  const common = { rule: `Of ${of}.`, endpoint: model.endpoints[0]?.id, account: "a1", ...times };
  const known = { ...common, reason: "session_cap", source: "10.0.0.7", count: 3 };
  return { refusals: [known, { ...common, reason: "not_accepted", count: 40 }], total_count: 9 };
}
