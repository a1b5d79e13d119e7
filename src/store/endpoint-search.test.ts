import { expect, test } from "vitest";
import { endpointStatus, type EndpointState } from "../domain/endpoint-state.ts";
import type { EndpointId, ServiceId } from "../domain/ids.ts";
import type { SortedPage } from "../domain/store.ts";
import { anEndpoint, aService, projectId, serviceId, uuid, vpcId } from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const page: SortedPage = { offset: 0, limit: 100, sortBy: "createdAt", direction: "desc" };

const states: readonly EndpointState[] = (["creating", "ready", "failed"] as const).flatMap((phase) =>
  (["pending", "accepted", "rejected"] as const).map((approval) => ({ phase, approval, rejectedBy: null })),
);

async function startStore() {
  const store = await openTestStore();
  await insertBasics(store);
  const second = aService({ id: uuid(60) as ServiceId, origin: "vpcep", name: "region-1.Metrics.x" });
  await store.services.insert(second);
  const endpoints = states.map((state, n) =>
    anEndpoint({
      ...state,
      id: uuid(600 + n) as EndpointId,
      address: `127.80.0.${n + 2}` as Ipv4,
      markerId: n,
      createdAt: 10 + n,
      updatedAt: n === 0 ? 99 : null,
      serviceId: n < 8 ? serviceId : second.id,
    }),
  );
  for (const endpoint of endpoints) await store.endpoints.insert(endpoint);
  return { store, endpoints, second };
}

test("connections are found by status as the domain tells it, by id and by number", async () => {
  const { store, endpoints } = await startStore();
  const own = endpoints.slice(0, 8);
  for (const status of ["creating", "pendingAcceptance", "accepted", "rejected", "failed"] as const) {
    const { items, total } = await store.endpoints.searchByService(serviceId, { status }, page);
    const wanted = own.filter((endpoint) => endpointStatus(endpoint) === status).toReversed();
    expect([status, items, total]).toEqual([status, wanted, wanted.length]);
    expect(total).toBeGreaterThan(0);
  }
  const find = async (filter: object) =>
    (await store.endpoints.searchByService(serviceId, filter, page)).items;
  expect(await find({ status: "deleting" })).toEqual([]);
  expect(await find({ id: own[3]?.id })).toEqual([own[3]]);
  expect(await find({ markerId: 5 })).toEqual([own[5]]);
  expect(await find({ markerId: 8 })).toEqual([]);
});

test("a project's endpoints are found by a part of the service's name and by VPC, sorted and paged", async () => {
  const { store, endpoints } = await startStore();
  const find = async (filter: object, wish: Partial<SortedPage> = {}) => {
    const { items, total } = await store.endpoints.searchByProject(projectId, filter, { ...page, ...wish });
    return [...items.map(({ markerId }) => markerId), `of ${total}`];
  };
  expect(await find({})).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0, "of 9"]);
  expect(await find({}, { sortBy: "updatedAt", limit: 2 })).toEqual([0, 8, "of 9"]);
  expect(await find({}, { sortBy: "updatedAt", direction: "asc", offset: 7 })).toEqual([8, 0, "of 9"]);
  expect(await find({ serviceName: "METRICS" })).toEqual([8, "of 1"]);
  expect(await find({ vpcId }, { limit: 1 })).toEqual([8, "of 9"]);
  expect(await find({ vpcId: uuid(404) })).toEqual(["of 0"]);
  expect(await find({ id: endpoints[2]?.id })).toEqual([2, "of 1"]);
});
