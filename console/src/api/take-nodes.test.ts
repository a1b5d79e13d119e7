import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { Cluster, ClusterNode } from "./generated.ts";
import { takeNodes } from "./take-nodes.ts";

const node = (id: string, detail: string): ClusterNode => ({
  id,
  url: `http://${id}:9200`,
  state: "serving",
  healthy: true,
  detail,
});
const cluster = (id: string, ...nodes: ClusterNode[]): Cluster => ({
  id,
  name: id,
  state: "available",
  engine: "opensearch",
  version: "3.0",
  client_port: 9200,
  vpc_id: "vpc",
  subnet_id: "subnet",
  nodes,
  service: null,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
});
const detailsOf = ({ nodes }: Cluster): readonly string[] => nodes.map(({ detail }) => detail);

test("nodes are put where their cluster is shown, and the others stay the same objects", () => {
  const queries = new QueryClient();
  const [one, two] = [cluster("one", node("a", "old"), node("b", "old")), cluster("two", node("c", "old"))];
  queries.setQueryData(["clusters", "list"], [one, two]);
  queries.setQueryData(["clusters", "one", "cluster"], one);
  expect(takeNodes(queries, [{ cluster: "one", ...node("b", "new") }])).toEqual([]);
  const listed = queries.getQueryData<Cluster[]>(["clusters", "list"]) ?? [];
  expect(listed.map(detailsOf)).toEqual([["old", "new"], ["old"]]);
  expect(listed[1]).toBe(two);
  const shown = queries.getQueryData<Cluster>(["clusters", "one", "cluster"]);
  expect(shown?.nodes[1]).toEqual(node("b", "new"));
});

test("of a node that its cluster did not have the cluster is asked anew; of one that nobody looks at, nothing", () => {
  const queries = new QueryClient();
  queries.setQueryData(["clusters", "one", "cluster"], cluster("one", node("a", "old")));
  const news = [
    { cluster: "one", ...node("b", "new") },
    { cluster: "two", ...node("c", "new") },
  ];
  expect(takeNodes(queries, news)).toEqual([["clusters", "one", "cluster"]]);
  expect(queries.getQueryData(["clusters", "two", "cluster"])).toBeUndefined();
});
