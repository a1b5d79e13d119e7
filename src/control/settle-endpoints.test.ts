import { beforeEach, describe, expect, test } from "vitest";
import type { ClusterId, EndpointId } from "../domain/ids.ts";
import type { EndpointFailure } from "../domain/report.ts";
import type { Endpoint } from "../domain/resources.ts";
import { anEndpoint, aReport, clusterId, endpointId, gatewayId, uuid } from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { TestClock } from "../lib/test-clock.ts";
import type { SqlStore } from "../store/sql-store.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import { settleEndpoints } from "./settle-endpoints.ts";

const clock = new TestClock();
const failure: EndpointFailure = { endpointId, code: "port_taken", message: "127.80.0.2:9200 is taken" };

let store: SqlStore;

beforeEach(async () => {
  store = await openTestStore();
  await store.write({ actor: "a", action: "b", resource: "c" }, insertBasics);
});

async function insert(wish: Partial<Endpoint> = {}): Promise<void> {
  await store.observe((tx) => tx.endpoints.insert(anEndpoint(wish)));
}

async function settle(wish: Parameters<typeof aReport>[0] = {}): Promise<Endpoint | undefined> {
  await settleEndpoints(store, clock, gatewayId, aReport(wish));
  return store.endpoints.find(endpointId);
}

async function version(id: ClusterId = clusterId): Promise<number | undefined> {
  return (await store.clusters.find(id))?.version;
}

describe("a new endpoint", () => {
  test("is ready when the applied snapshot held it and it is not named as failed", async () => {
    await insert({ phase: "creating" });
    expect(await settle()).toEqual(anEndpoint({ phase: "ready" }));
  });

  test("stays new while only an older snapshot is applied", async () => {
    await insert({ phase: "creating", createdRevision: 5 });
    expect(await settle({ appliedRevision: 4 })).toMatchObject({ phase: "creating" });
    expect(await settle({ appliedRevision: 5 })).toMatchObject({ phase: "ready" });
  });

  test("stays new while it is coming, and tells whose write has to wait", async () => {
    await insert({ phase: "creating", createdRevision: 5 });
    const report = aReport({ appliedRevision: 6, coming: [endpointId] });
    expect(await settleEndpoints(store, clock, gatewayId, report)).toEqual(new Set([5]));
    expect(await store.endpoints.find(endpointId)).toMatchObject({ phase: "creating" });
    expect(await settleEndpoints(store, clock, gatewayId, aReport({ appliedRevision: 6 }))).toEqual(
      new Set(),
    );
    expect(await store.endpoints.find(endpointId)).toMatchObject({ phase: "ready" });
  });

  test("has failed when it is named, with the reason", async () => {
    await insert({ phase: "creating" });
    expect(await settle({ failures: [failure] })).toEqual(
      anEndpoint({ phase: "failed", failureCode: "port_taken", failureMessage: failure.message }),
    );
  });

  test("that waits for approval goes on waiting", async () => {
    await insert({ phase: "creating", approval: "pending" });
    expect(await settle()).toMatchObject({ phase: "ready", approval: "pending" });
    expect(await settle({ failures: [failure] })).toMatchObject({ phase: "failed", approval: "pending" });
    expect(await settle()).toMatchObject({ phase: "ready", approval: "pending" });
  });
});

describe("an endpoint that was up", () => {
  test("has failed when it is named, and is up again when it is not any more", async () => {
    await insert();
    expect(await settle({ failures: [failure] })).toMatchObject({ phase: "failed" });
    expect(await settle()).toEqual(anEndpoint());
  });

  test("shows the latest reason", async () => {
    await insert();
    await settle({ failures: [failure] });
    expect(await settle({ failures: [{ ...failure, code: "limit", message: "too many" }] })).toMatchObject({
      failureCode: "limit",
      failureMessage: "too many",
    });
  });
});

test("the others are as before when one fails", async () => {
  const second = { id: uuid(50) as EndpointId, address: "127.80.0.3" as Ipv4 };
  await insert();
  await insert({ ...second, phase: "creating" });
  await settle({ failures: [failure] });
  expect(await store.endpoints.find(second.id)).toEqual(anEndpoint(second));
});

test("a failure of an endpoint that is gone is no news", async () => {
  const { generation } = store;
  await settle({ failures: [failure] });
  expect(store.generation).toBe(generation);
});

test("a change makes the cluster's ETag a new one; the same report again writes nothing", async () => {
  await insert({ phase: "creating" });
  await settle({ failures: [failure] });
  expect(await version()).toBe(2);
  const { generation, revision } = store;
  await settle({ failures: [failure] });
  expect([store.generation, await version()]).toEqual([generation, 2]);
  await settle();
  expect(await version()).toBe(3);
  // What gateways find out is no new desired state: it would make them all apply again.
  expect(store.revision).toBe(revision);
});
