import type { HappenedEvent } from "../api/generated.ts";

/** The page of the console, below `/console`, that shows what an event is about; undefined where none does. */
export function pathOf({ type, resource, data }: HappenedEvent): string | undefined {
  const [kind, id = ""] = resource.split("/");
  const [cluster, network] = [data["cluster_id"], data["vpc_id"]];
  if (type === "endpoint.deleted") return undefined;
  // The owner sees an endpoint among the connections of his cluster.
  if (typeof cluster === "string") return `/clusters/${cluster}/${kind === "node" ? "nodes" : "connections"}`;
  if (typeof network === "string") return `/networks/${network}`;
  if (kind === "endpoint") return `/endpoints/${id}`;
  return kind === "gateway" ? "/gateways" : undefined;
}

/** What a person wants to know of it beside what it is about. */
export function detailOf({ data }: HappenedEvent): string {
  return Object.entries(data)
    .filter(([key]) => !/(?:^|_)id$/.test(key))
    .map(([key, value]) => [key.replaceAll("_", " "), textOf(value)])
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `${name}: ${text}`)
    .join(", ");
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
