import type { QueryKey } from "@tanstack/react-query";
import type { HappenedEvent } from "./generated.ts";

/**
 * The keys of the queries whose answers an event changes. Keys are `["clusters"]`, `["clusters", id, part]`,
 * `["endpoints"]`, `["endpoints", id, part]`, `["networks"]`, `["gateways"]`; a key stands for all that begin with it.
 */
export function queryKeysOf({ type, data }: HappenedEvent): readonly QueryKey[] {
  const cluster = data["cluster_id"];
  const ofCluster =
    typeof cluster === "string"
      ? [
          ["clusters", cluster],
          ["clusters", "list"],
        ]
      : [];
  const endpoint = data["endpoint_id"];
  const ofEndpoint =
    typeof endpoint === "string"
      ? [
          ["endpoints", endpoint],
          ["endpoints", "list"],
        ]
      : [];
  if (type.startsWith("gateway.")) return [["gateways"]];
  if (type.startsWith("pool.")) return [["networks"]];
  if (type === "endpoint.created" || type === "endpoint.deleted") {
    return [...ofCluster, ...ofEndpoint, ["networks"]];
  }
  return type.startsWith("service.") ? [...ofCluster, ["endpoints"]] : [...ofCluster, ...ofEndpoint];
}
