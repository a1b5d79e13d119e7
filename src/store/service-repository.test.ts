import { expect, test } from "vitest";
import type { ClusterId, PermissionId, ServiceId } from "../domain/ids.ts";
import type { Permission } from "../domain/resources.ts";
import type { ServiceFilter, SortedPage } from "../domain/store.ts";
import { aCluster, aService, clusterId, serviceId, uuid } from "../domain/test-fixtures.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

function entry(n: number, permission: string, createdAt: number, service = serviceId): Permission {
  const id = uuid(900 + n) as PermissionId;
  return { id, serviceId: service, permission, permissionType: "domainId", description: "", createdAt };
}

test("a service comes back as it went in, by id, name and cluster, also after an update", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  expect(await store.services.find(serviceId)).toEqual(aService());
  for (const flag of [
    "enabled",
    "approvalEnabled",
    "dnsEnabled",
    "professional",
    "reconcileConnections",
  ] as const) {
    const changed = aService({ [flag]: !aService()[flag], updatedAt: 5 });
    await store.services.update(changed);
    expect(await store.services.findByName(aService().name)).toEqual(changed);
    expect(await store.services.findOpened(clusterId)).toEqual(changed);
  }
  expect(await store.services.find(uuid(1) as ServiceId)).toBeUndefined();
  expect(await store.services.findByName("x")).toBeUndefined();
  expect(await store.services.findOpened(uuid(1) as ClusterId)).toBeUndefined();
});

test("a cluster has any number of services, one of which opening it made", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const others = [51, 52].map((n) => aService({ id: uuid(n) as ServiceId, origin: "vpcep", name: `n${n}` }));
  for (const other of others) await store.services.insert(other);
  expect(await store.services.findOpened(clusterId)).toEqual(aService());
  const all = await store.services.allOfCluster(clusterId);
  expect(all.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([...others, aService()]);
  const second = aService({ id: uuid(53) as ServiceId, name: "n53" });
  await expect(store.services.insert(second)).rejects.toThrow(/UNIQUE/);
});

test("an update changes that service only", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const cluster = aCluster({ id: uuid(50) as ClusterId, name: "second" });
  const other = aService({ id: uuid(51) as ServiceId, clusterId: cluster.id, name: "n" });
  await store.clusters.insert(cluster);
  await store.services.insert(other);
  await store.services.update(aService({ enabled: false }));
  expect(await store.services.find(other.id)).toEqual(other);
});

test("the whitelist is kept oldest first, ties by id, and entries go by id", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const entries = [entry(3, "c", 1), entry(1, "a", 2), entry(2, "b", 1)];
  await store.services.insertPermissions(entries);
  await store.services.insertPermissions([]);
  expect(await store.services.permissions(serviceId)).toEqual([entries[2], entries[0], entries[1]]);
  await store.services.deletePermissions([]);
  await store.services.deletePermissions([entry(3, "", 0).id, entry(2, "", 0).id]);
  expect(await store.services.permissions(serviceId)).toEqual([entries[1]]);
  await expect(store.services.insertPermissions([entry(4, "a", 3)])).rejects.toThrow(/UNIQUE/);
});

test("ports, tags and texts come back; a deleted service takes its whitelist along", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const full = aService({
    origin: "vpcep",
    ports: [{ clientPort: 80, serverPort: 9200 }],
    description: "d",
    tags: [{ key: "k", value: "v" }],
  });
  await store.services.update(full);
  expect(await store.services.allOfProject(full.projectId)).toEqual([full]);
  await store.services.insertPermissions([entry(1, "a", 1)]);
  await store.services.setPermissionDescription(entry(1, "", 0).id, "Alice");
  expect(await store.services.permissions(serviceId)).toMatchObject([{ description: "Alice" }]);
  await store.services.delete(serviceId);
  expect(await store.services.find(serviceId)).toBeUndefined();
  expect(await store.services.permissions(serviceId)).toEqual([]);
});

const page = { offset: 0, limit: 10, sortBy: "createdAt", direction: "desc" } as const;

test("open to everyone is who says so with a star, while enabled", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const open = () => store.services.listOpenToEveryone({}, page);
  await store.services.insertPermissions([entry(1, "a", 1)]);
  expect(await open()).toEqual({ items: [], total: 0 });
  await store.services.insertPermissions([entry(3, "iam:domain::*", 1)]);
  expect(await open()).toEqual({ items: [aService()], total: 1 });
  await store.services.insertPermissions([entry(2, "*", 1)]);
  expect(await open()).toEqual({ items: [aService()], total: 1 });
  await store.services.update(aService({ enabled: false }));
  expect(await open()).toEqual({ items: [], total: 0 });
});

test("a project's services are found by a part of the name, sorted by either time, and paged", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  const first = aService({ name: "N_1", createdAt: 1, updatedAt: 9 });
  const rest = [2, 3, 4].map((n) =>
    aService({
      id: uuid(50 + n) as ServiceId,
      origin: "vpcep",
      name: `n%${n}`,
      createdAt: Math.min(n, 3),
      updatedAt: 5,
      enabled: true,
    }),
  );
  await store.services.update(first);
  for (const service of rest) await store.services.insert(service);
  const names = async (filter: ServiceFilter, wish: Partial<SortedPage> = {}) => {
    const { items, total } = await store.services.listByProject(first.projectId, filter, {
      ...page,
      ...wish,
    });
    return [...items.map(({ name }) => name), total];
  };
  expect(await names({})).toEqual(["n%3", "n%4", "n%2", "N_1", 4]);
  expect(await names({}, { direction: "asc" })).toEqual(["N_1", "n%2", "n%3", "n%4", 4]);
  expect(await names({}, { sortBy: "updatedAt" })).toEqual(["N_1", "n%2", "n%3", "n%4", 4]);
  expect(await names({}, { offset: 1, limit: 2 })).toEqual(["n%4", "n%2", 4]);
  expect(await names({ name: "n_" })).toEqual(["N_1", 1]);
  expect(await names({ name: "N%" })).toEqual(["n%3", "n%4", "n%2", 3]);
  expect(await names({ id: first.id })).toEqual(["N_1", 1]);
  await store.services.update({ ...first, enabled: false });
  expect(await names({ id: first.id })).toEqual([0]);
});

test("a whitelist is listed by a part of its entries", async () => {
  const store = await openTestStore();
  await insertBasics(store);
  await store.services.insertPermissions([entry(1, "ab", 1), entry(2, "bc", 2), entry(3, "B", 3)]);
  const list = async (part: string, wish: Partial<SortedPage> = {}) => {
    const { items, total } = await store.services.listPermissions(serviceId, part, { ...page, ...wish });
    return [...items.map(({ permission }) => permission), total];
  };
  expect(await list("")).toEqual(["B", "bc", "ab", 3]);
  expect(await list("b", { direction: "asc" })).toEqual(["ab", "bc", 2]);
  expect(await list("", { offset: 1, limit: 1 })).toEqual(["bc", 3]);
});
