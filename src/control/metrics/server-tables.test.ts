import { expect, test } from "vitest";
import type { EndpointId, GatewayId, SubnetId } from "../../domain/ids.ts";
import {
  anEndpoint,
  aReport,
  aSubnet,
  endpointId,
  gatewayId,
  nodeId,
  serviceId,
  someFigures,
  subnetId,
  uuid,
  vpcId,
} from "../../domain/test-fixtures.ts";
import type { Ipv4 } from "../../lib/ipv4.ts";
import { slices, type Table } from "../../lib/metrics/family.ts";
import { samplesOf, textOf } from "../../lib/metrics/test-samples.ts";
import { TestClock } from "../../lib/test-clock.ts";
import { insertBasics } from "../../store/test-basics.ts";
import { openTestStore } from "../../store/test-store.ts";
import { GatewayRegistry } from "../gateway-registry.ts";
import { Inventory } from "./inventory.ts";
import {
  gatewayTable,
  poolTable,
  reportedEndpointTable,
  reportedNodeTable,
  revisionTable,
} from "./server-tables.ts";

const audit = { actor: "a", action: "b", resource: "c" };
const silent = uuid(62) as GatewayId;

/** Samples of a table, without the heads of its families. */
async function told<Row>(table: Table<Row>): Promise<Record<string, string>> {
  const samples = Object.entries(samplesOf(await textOf(slices(table))));
  return Object.fromEntries(samples.filter(([name]) => !name.startsWith("#")));
}

function aRegistry(): GatewayRegistry {
  const registry = new GatewayRegistry(new TestClock(), 0);
  registry.add(gatewayId, null);
  registry.add(silent, null);
  return registry;
}

async function aStore(endpoints: number) {
  const store = await openTestStore();
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    for (let n = 0; n < endpoints; n += 1) await tx.endpoints.insert(numbered(n));
  });
  return store;
}

function numbered(n: number): ReturnType<typeof anEndpoint> {
  const address = `127.80.${1 + Math.floor(n / 200)}.${1 + (n % 200)}` as Ipv4;
  return anEndpoint({ id: uuid(1_000 + n) as EndpointId, address, markerId: 16_777_300 + n });
}

test("gateways are told of whether they are heard of or not, their revision only where it is known", async () => {
  const registry = aRegistry();
  registry.report(gatewayId, aReport({ appliedRevision: 5 }));
  expect(await told(gatewayTable(registry))).toEqual({
    [`postern_server_gateway_connected{gateway="${gatewayId}"}`]: "1",
    [`postern_server_gateway_connected{gateway="${silent}"}`]: "0",
  });
  let revision = 7;
  const table = revisionTable(registry, () => revision);
  expect(await told(table)).toEqual({
    [`postern_server_gateway_applied_revision{gateway="${gatewayId}"}`]: "5",
    [`postern_server_gateway_revision_lag{gateway="${gatewayId}"}`]: "2",
  });
  // After a restore from a backup a gateway may be ahead.
  revision = 4;
  expect(await told(table)).toMatchObject({
    [`postern_server_gateway_revision_lag{gateway="${gatewayId}"}`]: "0",
  });
});

test("nodes are told of by each gateway that asks them", async () => {
  const registry = aRegistry();
  const node = { serviceId, nodeId, detail: "" };
  registry.report(gatewayId, aReport({ nodes: [{ ...node, healthy: true }] }));
  registry.report(silent, aReport({ nodes: [{ ...node, healthy: false }] }));
  expect(await told(reportedNodeTable(registry))).toEqual({
    [`postern_reported_node_healthy{gateway="${gatewayId}",node="${nodeId}",service="${serviceId}"}`]: "1",
    [`postern_reported_node_healthy{gateway="${silent}",node="${nodeId}",service="${serviceId}"}`]: "0",
  });
});

test("endpoints are told of over all pages, as soon as a gateway has reported of them", async () => {
  const count = 1_001;
  const store = await aStore(count);
  const registry = aRegistry();
  const table = reportedEndpointTable(new Inventory(store), registry);
  expect(await told(table)).toEqual({});
  const endpoints = Array.from({ length: count }, (_, n) =>
    someFigures({ endpointId: numbered(n).id, sessions: n }),
  );
  registry.report(gatewayId, aReport({ endpoints }));
  const samples = await told(table);
  for (const n of [0, 499, 500, 1_000]) {
    const labels = `endpoint="${uuid(1_000 + n)}",network="${vpcId}",service="${serviceId}"`;
    expect(samples[`postern_reported_endpoint_sessions{${labels}}`]).toBe(String(n));
    expect(samples[`postern_reported_endpoint_session_limit{${labels}}`]).toBe("3000");
  }
  expect(Object.keys(samples)).toHaveLength(count * 12);
});

function pool(what: string, id: SubnetId): string {
  return `postern_subnet_pool_${what}{network="${vpcId}",subnet="${id}"}`;
}

test("a pool counts the endpoints and the name server of its own subnet, and the last commit", async () => {
  const store = await aStore(3);
  const second = aSubnet({ id: uuid(80) as SubnetId, name: "second", cidr: "127.81.0.0/29" });
  await store.write(audit, async (tx) => {
    await tx.networks.insertSubnet(second);
    await tx.networks.setDnsAddress(vpcId, "127.80.0.4" as Ipv4);
  });
  const table = poolTable(new Inventory(store));
  expect(await told(table)).toEqual({
    [pool("addresses", subnetId)]: "4093",
    [pool("used_addresses", subnetId)]: "4",
    [pool("addresses", second.id)]: "5",
    [pool("used_addresses", second.id)]: "0",
  });
  await store.write(audit, (tx) => tx.endpoints.insert(anEndpoint({ id: endpointId })));
  expect((await told(table))[pool("used_addresses", subnetId)]).toBe("5");
});

test("what there is is read once for many readings, and again after a failure", async () => {
  const store = await aStore(1);
  let reads = 0;
  let isBroken = true;
  const inventory = new Inventory({
    generation: 1,
    inventory: {
      endpoints: (...page) => {
        reads += 1;
        return isBroken ? Promise.reject(new Error("broken on purpose")) : store.inventory.endpoints(...page);
      },
      subnets: (...page) => store.inventory.subnets(...page),
    },
  });
  await expect(inventory.read()).rejects.toThrow("broken on purpose");
  isBroken = false;
  expect((await inventory.read()).endpoints).toHaveLength(1);
  expect((await inventory.read()).endpoints).toHaveLength(1);
  expect(reads).toBe(2);
});
