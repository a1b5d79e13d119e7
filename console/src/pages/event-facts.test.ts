import { expect, test } from "vitest";
import type { HappenedEvent } from "../api/generated.ts";
import { detailOf, pathOf } from "./event-facts.ts";

const event = (type: HappenedEvent["type"], resource: string, data: HappenedEvent["data"] = {}) => ({
  id: 1,
  type,
  timestamp: "2026-01-01T00:00:00Z",
  project_id: "project",
  resource,
  data,
});

test.each([
  [event("endpoint.ready", "endpoint/e"), "/endpoints/e"],
  [event("endpoint.ready", "endpoint/e", { cluster_id: "c" }), "/clusters/c/connections"],
  [event("endpoint.deleted", "endpoint/e", { cluster_id: "c" }), undefined],
  [event("node.down", "node/n", { cluster_id: "c" }), "/clusters/c/nodes"],
  [event("pool.almost_empty", "subnet/s", { vpc_id: "v" }), "/networks/v"],
  [event("gateway.silent", "gateway/g"), "/gateways"],
  [event("service.closed", "service/s"), undefined],
])("%o is shown by %s", (told, path) => {
  expect(pathOf(told)).toBe(path);
});

test("details are told without ids", () => {
  const data = {
    endpoint_id: "e",
    marker_id: 7,
    service_name: "logs",
    sessions: 37,
    added: ["a", "b"],
    removed: [],
  };
  expect(detailOf(event("sessions.severed", "endpoint/e", data))).toBe(
    "service name: logs, sessions: 37, added: a b",
  );
});
