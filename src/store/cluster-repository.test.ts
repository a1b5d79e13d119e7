import { expect, test } from "vitest";
import type { ClusterId, NodeId, ProjectId } from "../domain/ids.ts";
import type { Cluster } from "../domain/resources.ts";
import {
  aCluster,
  anEndpoint,
  clusterId,
  hexId,
  projectId,
  serviceId,
  uuid,
} from "../domain/test-fixtures.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const otherProject = hexId(50) as ProjectId;
const all = { offset: 0, limit: 100 };

function numbered(n: number, wish: Partial<Cluster> = {}): Cluster {
  return aCluster({ id: uuid(100 + n) as ClusterId, name: `c${n}`, ...wish });
}

test("a cluster comes back as it went in, by id and by name in its project", async () => {
  const { clusters } = await openWithBasics();
  const secure = numbered(1, {
    state: "adopted",
    engine: "elasticsearch",
    scheme: "https",
    nodes: [
      { id: uuid(8) as NodeId, host: "fd00::1", port: 9200 },
      { id: uuid(9) as NodeId, host: "node-2.example", port: 9201 },
    ],
    username: "admin",
    sealedPassword: "sealed",
    ca: "PEM",
    insecureSkipVerify: true,
    tags: [{ key: "team", value: "search" }],
  });
  await clusters.insert(secure);
  expect(await clusters.find(secure.id)).toEqual(secure);
  expect(await clusters.find(clusterId)).toEqual(aCluster());
  expect(await clusters.findByName(projectId, "c1")).toEqual(secure);
  expect(await clusters.findByName(otherProject, "c1")).toBeUndefined();
  expect(await clusters.find(uuid(999) as ClusterId)).toBeUndefined();
});

async function openWithBasics() {
  const store = await openTestStore();
  await insertBasics(store);
  return store;
}

test("the list is newest first, ties by id, of one project, in slices with the whole number", async () => {
  const { clusters } = await openWithBasics();
  await clusters.insert(numbered(3, { createdAt: 5 }));
  await clusters.insert(numbered(2, { createdAt: 5 }));
  await clusters.insert(numbered(4, { createdAt: 9 }));
  const { items, total } = await clusters.list(projectId, {}, all);
  expect(items.map(({ name }) => name)).toEqual(["logs", "c4", "c2", "c3"]);
  expect(total).toBe(4);
  const slice = await clusters.list(projectId, {}, { offset: 1, limit: 2 });
  expect(slice).toEqual({ items: items.slice(1, 3), total: 4 });
  expect(await clusters.list(otherProject, {}, all)).toEqual({ items: [], total: 0 });
});

test("released clusters and other engines are left out as the filter says", async () => {
  const { clusters } = await openWithBasics();
  await clusters.insert(numbered(1, { state: "released" }));
  await clusters.insert(numbered(2, { engine: "elasticsearch" }));
  const names = async (filter: Parameters<typeof clusters.list>[1]): Promise<string[]> =>
    (await clusters.list(projectId, filter, all)).items.map(({ name }) => name).toSorted();
  expect(await names({})).toEqual(["c2", "logs"]);
  expect(await names({ includeReleased: true })).toEqual(["c1", "c2", "logs"]);
  expect(await names({ engine: "opensearch" })).toEqual(["logs"]);
  expect((await clusters.list(projectId, { engine: "opensearch" }, all)).total).toBe(1);
});

test("touch makes a new version and time, setState a new state: of that cluster only", async () => {
  const { clusters } = await openWithBasics();
  await clusters.insert(numbered(1));
  await clusters.touch(clusterId, 77);
  await clusters.touch(clusterId, 78);
  await clusters.setState(clusterId, "adopted");
  expect(await clusters.find(clusterId)).toEqual(aCluster({ version: 3, updatedAt: 78, state: "adopted" }));
  expect(await clusters.find(numbered(1).id)).toEqual(numbered(1));
});

test("a cluster goes with its service, whitelist and endpoints", async () => {
  const store = await openWithBasics();
  await store.endpoints.insert(anEndpoint());
  await store.clusters.delete(clusterId);
  expect(await store.clusters.find(clusterId)).toBeUndefined();
  expect(await store.services.find(serviceId)).toBeUndefined();
  expect(await store.endpoints.find(anEndpoint().id)).toBeUndefined();
});
