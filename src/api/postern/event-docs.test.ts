import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventKinds, toBothSides, toOwnerAndConsumers, type EventKind } from "../../domain/events.ts";
import { clusterId, endpointId, accountId, projectId, serviceId } from "../../domain/test-fixtures.ts";

const page = readFileSync(new URL("../../../docs/events.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `([a-z._0-9]+)` \|[^|]+\| `(\{.*\})` \|$/gm)].map(
  ([, kind = "", data = ""]) => ({
    kind: kind as EventKind,
    data: JSON.parse(data) as Record<string, unknown>,
  }),
);
const service = { id: serviceId, projectId, clusterId, name: "logs", consumers: [] };
const endpoint = { id: endpointId, projectId, accountId, markerId: 1 };

/** What is told beside the ids of what it is about. */
const extras: Partial<Record<EventKind, readonly string[]>> = {
  "connection.rejected": ["rejected_by"],
  "endpoint.created": ["address"],
  "endpoint.failed": ["failure_code"],
  "cap.80": ["max_session"],
  "cap.100": ["max_session"],
  "sessions.severed": ["sessions"],
};

test("the page has a row for every kind, in their order, and for no other", () => {
  const order = rows.map(({ kind }) => kind);
  expect(new Set(order)).toEqual(new Set(eventKinds));
  expect(order).toHaveLength(eventKinds.length);
});

test.each(rows.filter(({ data }) => "endpoint_id" in data))(
  "$kind carries what its example says",
  ({ kind, data }) => {
    const more = Object.fromEntries((extras[kind] ?? []).map((key) => [key, data[key]]));
    const [told] = toBothSides(endpoint, service, kind, more);
    expect(Object.keys(told?.data ?? {})).toEqual(Object.keys(data));
  },
);

test.each(rows.filter(({ kind }) => kind.startsWith("service.")))(
  "$kind carries what its example says",
  ({ kind, data }) => {
    const [told] = toOwnerAndConsumers(service, kind);
    expect(Object.keys(told?.data ?? {})).toEqual(Object.keys(data));
  },
);
