import { expect, test } from "vitest";
import type { NodeId, ServiceId } from "../../domain/ids.ts";
import type { Snapshot } from "../../domain/snapshot.ts";
import { endpointId, nodeId, serviceId, someFigures, uuid, vpcId } from "../../domain/test-fixtures.ts";
import { slices } from "../../lib/metrics/family.ts";
import { samplesOf, textOf } from "../../lib/metrics/test-samples.ts";
import { aSnapshot } from "../test-snapshot.ts";
import { endpointTable, nodeTable, type GatewaySources } from "./gateway-tables.ts";

const nothing: GatewaySources = { snapshot: () => undefined, figures: () => [], isHealthy: () => null };
const labels = `endpoint="${endpointId}",network="${vpcId}",service="${serviceId}"`;

function withoutHeads(samples: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(samples).filter(([name]) => !name.startsWith("#")));
}

test("an endpoint's figures come with its service, its network and its limit", async () => {
  const { refusals } = someFigures();
  const own = someFigures({
    sessions: 3,
    newSessions: 40,
    bytesIn: 500,
    bytesOut: 6_000,
    refusals: { ...refusals, session_cap: 7, not_accepted: 8 },
  });
  const table = endpointTable({ ...nothing, snapshot: () => aSnapshot(1), figures: () => [own] });
  expect(withoutHeads(samplesOf(await textOf(slices(table))))).toEqual({
    [`postern_endpoint_sessions{${labels}}`]: "3",
    [`postern_endpoint_session_limit{${labels}}`]: "3000",
    [`postern_endpoint_new_sessions_total{${labels}}`]: "40",
    [`postern_endpoint_bytes_total{direction="in",${labels}}`]: "500",
    [`postern_endpoint_bytes_total{direction="out",${labels}}`]: "6000",
    ...Object.fromEntries(
      Object.entries(own.refusals).map(([reason, count]) => [
        `postern_endpoint_refusals_total{endpoint="${endpointId}",network="${vpcId}",reason="${reason}",service="${serviceId}"}`,
        String(count),
      ]),
    ),
  });
});

test("figures follow the snapshot: of an endpoint that it does not hold, nothing is told", async () => {
  let snapshot: Snapshot | undefined;
  const table = endpointTable({
    ...nothing,
    snapshot: () => snapshot,
    figures: () => [someFigures(), someFigures({ endpointId: uuid(99) as never })],
  });
  expect(await table.rows()).toEqual([]);
  snapshot = aSnapshot(1);
  expect(await table.rows()).toMatchObject([{ figures: { endpointId }, place: { maxSession: 3_000 } }]);
  snapshot = aSnapshot(2, 1, { maxSession: 5 });
  expect(await table.rows()).toMatchObject([{ place: { maxSession: 5 } }]);
});

test("a node is told of for every service that it serves, once it was asked", async () => {
  const [service] = aSnapshot(1).services;
  const second = uuid(77) as ServiceId;
  const nodes = [nodeId, uuid(78) as NodeId, uuid(79) as NodeId].map((id) => ({
    id,
    host: "127.0.0.1",
    port: 9,
  }));
  const services = service
    ? [
        { ...service, nodes },
        { ...service, id: second, nodes: nodes.slice(0, 1) },
      ]
    : [];
  const healths = new Map([
    [nodes[0]?.id, true],
    [nodes[1]?.id, false],
  ]);
  const table = nodeTable({
    ...nothing,
    snapshot: () => ({ ...aSnapshot(1), services }),
    isHealthy: (id) => healths.get(id) ?? null,
  });
  expect(withoutHeads(samplesOf(await textOf(slices(table))))).toEqual({
    [`postern_node_healthy{node="${nodeId}",service="${serviceId}"}`]: "1",
    [`postern_node_healthy{node="${uuid(78)}",service="${serviceId}"}`]: "0",
    [`postern_node_healthy{node="${nodeId}",service="${second}"}`]: "1",
  });
});
