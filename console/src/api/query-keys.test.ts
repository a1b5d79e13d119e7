import { expect, test } from "vitest";
import type { HappenedEvent } from "./generated.ts";
import { queryKeysOf } from "./query-keys.ts";

const cluster = [
  ["clusters", "c"],
  ["clusters", "list"],
];
const endpoint = [
  ["endpoints", "e"],
  ["endpoints", "list"],
];

test.each<[HappenedEvent["type"], HappenedEvent["data"], readonly unknown[]]>([
  ["connection.accepted", { cluster_id: "c", endpoint_id: "e" }, [...cluster, ...endpoint]],
  ["connection.accepted", { endpoint_id: "e" }, endpoint],
  ["endpoint.created", { endpoint_id: "e" }, [...endpoint, ["networks"]]],
  ["endpoint.deleted", { cluster_id: "c", endpoint_id: "e" }, [...cluster, ...endpoint, ["networks"]]],
  ["service.closed", { cluster_id: "c" }, [...cluster, ["endpoints"]]],
  ["service.closed", {}, [["endpoints"]]],
  ["node.down", { cluster_id: "c" }, cluster],
  ["pool.almost_empty", { vpc_id: "v" }, [["networks"]]],
  ["gateway.silent", { gateway_id: "g" }, [["gateways"]]],
])("%s of %o has what it concerns asked for anew", (type, data, keys) => {
  const event = { id: 1, timestamp: "2026-01-01T00:00:00Z", project_id: "p", resource: "x/y" };
  expect(queryKeysOf({ ...event, type, data })).toEqual(keys);
});
