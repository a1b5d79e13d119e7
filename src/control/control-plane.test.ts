import { expect, test } from "vitest";
import {
  anEndpoint,
  aReport,
  endpointId,
  gatewayId,
  namePlace,
  nodeId,
  serviceId,
} from "../domain/test-fixtures.ts";
import { createLogger } from "../lib/log.ts";
import { TestClock } from "../lib/test-clock.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import { ControlPlane } from "./control-plane.ts";
import { GatewayRegistry } from "./gateway-registry.ts";
import { GatewayWatch } from "./gateway-watch.ts";
import { SnapshotFeed } from "./snapshot-feed.ts";

const audit = { actor: "a", action: "b", resource: "c" };
const gateway = { id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: null };
const forever = new AbortController().signal;

function has(revision: number, lineage = "here") {
  return { revision, lineage };
}

async function start(lastSeenAt: number | null = null) {
  const clock = new TestClock();
  const store = await openTestStore(undefined, clock);
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.gateways.insert({ ...gateway, lastSeenAt });
    await tx.endpoints.insert(anEndpoint({ phase: "creating" }));
  });
  const registry = new GatewayRegistry(clock, 60_000);
  const feed = new SnapshotFeed(store, { ...namePlace, lineage: "here" }, String);
  const watch = new GatewayWatch(store, clock, createLogger("unit", "silent"));
  const control = new ControlPlane(store, clock, feed, registry, watch);
  await control.start();
  return { clock, store, registry, control };
}

test("a gateway that the store saw lately is waited for from the start, before it says a word", async () => {
  const { clock } = await start();
  const { registry, control } = await start(clock.now() - 60_000);
  const outcome = registry.reached(1);
  await control.report(gateway, aReport({ appliedRevision: 1 }));
  expect(await outcome).toEqual({ enforced: true, severedSessions: 0 });
});

test("a poll gives the snapshot, makes the gateway known, and notes when, at most once a minute", async () => {
  const { clock, store, registry, control } = await start();
  const lastSeen = async (): Promise<unknown> => (await store.gateways.find(gatewayId))?.lastSeenAt;
  const next = await control.nextSnapshot(gateway, null, 0, forever);
  expect(JSON.parse(next?.text ?? "")).toMatchObject({ revision: 1, gatewayId });
  const firstSeen = clock.now();
  expect(await lastSeen()).toBe(firstSeen);
  clock.advance(59_999);
  expect(await control.nextSnapshot(gateway, has(1), 0, forever)).toBeUndefined();
  expect(await lastSeen()).toBe(firstSeen);
  clock.advance(1);
  await control.nextSnapshot(gateway, has(1), 0, forever);
  expect(await lastSeen()).toBe(clock.now());
  expect(registry.gateways()).toMatchObject([{ id: gatewayId }]);
});

test("a write that waits is answered when the endpoint's new state is durable", async () => {
  const { clock, store, registry, control } = await start();
  await control.nextSnapshot(gateway, null, 0, forever);
  const seen: unknown[] = [];
  const answered = registry.reached(1).then(async ({ enforced }) => {
    seen.push(enforced, (await store.endpoints.find(endpointId))?.phase);
  });
  await control.report(gateway, aReport({ appliedRevision: 1 }));
  await answered;
  expect(seen).toEqual([true, "ready"]);
  expect(registry.gateways()).toMatchObject([{ connected: true, appliedRevision: 1 }]);
  expect(clock.now()).toBeGreaterThan(0);
});

test("a gateway that reports the same again and again makes nobody write", async () => {
  const { clock, store, control } = await start();
  const again = aReport({
    appliedRevision: 1,
    failures: [{ endpointId, code: "port_taken", message: "m" }],
    nodes: [{ serviceId, nodeId, healthy: false, detail: "ECONNREFUSED" }],
  });
  await control.report(gateway, again);
  const written = store.generation;
  for (let second = 0; second < 10; second += 1) {
    clock.advance(1_000);
    await control.nextSnapshot(gateway, has(1), 0, forever);
    await control.report(gateway, again);
  }
  // The one that notes when the gateway was seen: once a minute.
  expect(store.generation - written).toBe(1);
});

test("a gateway that was registered after the start becomes known with its first poll", async () => {
  const { registry, control } = await start();
  const late = { ...gateway, id: endpointId as never };
  await control.nextSnapshot(late, null, 0, forever);
  expect(registry.gateways()).toHaveLength(2);
});

test("the write that creates an endpoint is answered when that is up, and a later one before", async () => {
  const { store, registry, control } = await start();
  await control.nextSnapshot(gateway, null, 0, forever);
  const { createdRevision } = (await store.endpoints.find(endpointId)) ?? { createdRevision: NaN };
  const answered: string[] = [];
  const creation = registry.reached(createdRevision).then(() => answered.push("creation"));
  const rejection = registry.reached(createdRevision + 1).then(() => answered.push("rejection"));
  const appliedRevision = createdRevision + 1;
  await control.report(gateway, aReport({ appliedRevision, coming: [endpointId] }));
  await rejection;
  await control.report(gateway, aReport({ appliedRevision }));
  await creation;
  expect(answered).toEqual(["rejection", "creation"]);
});

test("what a gateway refused is kept, and a batch that comes again is not counted again", async () => {
  const { clock, store, control } = await start();
  const [firstAt, lastAt] = [clock.now() - 5, clock.now()];
  const record = {
    endpointId,
    reason: "session_cap",
    source: "10.0.0.1",
    firstAt,
    lastAt,
    count: 2,
  } as const;
  const refusals = { process: "p", sequence: 1, records: [record] };
  await control.report(gateway, aReport({ refusals }));
  await control.report(gateway, aReport({ refusals }));
  const { items } = await store.refusals.listByEndpoint(endpointId, { offset: 0, limit: 10 });
  expect(items).toMatchObject([record]);
});

test("a report of another lineage, whatever its revision, is none of what is in force here", async () => {
  const { store, registry, control } = await start();
  await control.nextSnapshot(gateway, has(9, "elsewhere"), 0, forever);
  const outcome = registry.reached(1);
  await control.report(gateway, aReport({ appliedRevision: 9, lineage: "elsewhere" }));
  expect((await store.endpoints.find(endpointId))?.phase).toBe("creating");
  expect(registry.gateways()).toMatchObject([{ appliedRevision: null }]);
  await control.report(gateway, aReport({ appliedRevision: 1, lineage: "here", severedSessions: 2 }));
  expect(await outcome).toEqual({ enforced: true, severedSessions: 2 });
});

test("a snapshot comes with the requests that made what the gateway does not have", async () => {
  const { store, control } = await start();
  for (const requestId of ["a", "b"]) await store.write({ ...audit, requestId }, () => Promise.resolve());
  const told = async (known: Parameters<typeof control.nextSnapshot>[1]) =>
    (await control.nextSnapshot(gateway, known, 0, forever))?.requestIds;
  expect(await told(has(1))).toEqual(["a", "b"]);
  expect(await told(has(2))).toEqual(["b"]);
  expect(await told(has(2, "elsewhere"))).toEqual([]);
  expect(await told(null)).toEqual([]);
});
