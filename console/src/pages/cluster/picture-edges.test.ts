import { expect, test } from "vitest";
import type { LiveConnection } from "../../api/use-cluster.ts";
import { networkEdges, nodeEdges, widthOf } from "./picture-edges.ts";

const noRefusals = {
  not_accepted: 0,
  not_whitelisted: 0,
  source_not_allowed: 0,
  session_cap: 0,
  no_healthy_node: 0,
  service_closed: 0,
  connection_rate: 0,
};
const connection = (
  account: string,
  vpc: string,
  status: LiveConnection["status"],
  sessions: number,
): LiveConnection => ({
  id: `${account}-${vpc}-${status}`,
  status,
  ip: "127.0.1.2",
  port: 9200,
  ports: [9200],
  service_id: "service",
  service_name: "local-1.logs.service",
  cluster_id: "cluster",
  project_id: account,
  subnet_id: "subnet",
  attached: true,
  vpc_id: vpc,
  account_id: account,
  account: `team ${account}`,
  max_session: 10,
  specification_name: "default",
  description: "",
  sessions,
  new_sessions: sessions,
  bytes_in: 10,
  bytes_out: 20,
  refusals: noRefusals,
  refusalCount: 0,
  bytesPerSecond: 5,
  created_at: "2026-01-02T03:04:05Z",
});

test("endpoints of one network are one edge, and who has most sessions comes first", () => {
  const edges = networkEdges(
    [
      connection("a", "one", "rejected", 0),
      connection("a", "one", "accepted", 3),
      connection("b", "two", "accepted", 7),
      connection("b", "three", "rejected", 0),
    ],
    (id) => `net ${id}`,
  );
  expect(edges).toMatchObject([
    { id: "b/two", name: "team b · net two", sessions: 7, isWell: true },
    { id: "a/one", sessions: 3, traffic: { bytes: 60, bytesPerSecond: 10 }, isWell: true },
    { id: "b/three", sessions: 0, isWell: false },
  ]);
});

test("a node carries what its gateways count, or nobody knows; drained is not dead", () => {
  const node = { state: "serving" as const, healthy: true, detail: "green" };
  const edges = nodeEdges(
    [
      { ...node, id: "1", url: "http://10.0.0.1:9200", sessions: 3, bytes_in: 1, bytes_out: 2 },
      {
        ...node,
        id: "2",
        url: "http://10.0.0.2:9200",
        sessions: 1,
        state: "draining",
        drain: { since: "2026-01-02T03:04:05Z" },
      },
      { ...node, id: "3", url: "http://10.0.0.3:9200", healthy: false },
    ],
    (id) => (id === "1" ? 75 : 0),
  );
  expect(edges).toMatchObject([
    { name: "10.0.0.1:9200", isWell: true, isDrained: false, traffic: { bytes: 3, bytesPerSecond: 75 } },
    { isWell: false, isDrained: true, note: "draining", traffic: undefined },
    { isWell: false, isDrained: false, note: "down", sessions: 0 },
  ]);
});

test("a line is wider with its throughput, within limits", () => {
  expect([0, 900, 1e12].map(widthOf)).toEqual([1.5, 3.5, 12]);
});
