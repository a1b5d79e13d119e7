import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndpointId, ProjectId, ServiceId, SubnetId } from "../domain/ids.ts";
import type { Endpoint } from "../domain/resources.ts";
import {
  anEndpoint,
  aProject,
  aSubnet,
  endpointId,
  hexId,
  projectId,
  serviceId,
  subnetId,
  uuid,
  vpcId,
} from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { SqlStore } from "./sql-store.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

async function openWithBasics(): Promise<SqlStore> {
  const store = await openTestStore();
  await insertBasics(store);
  return store;
}

function numbered(n: number, wish: Partial<Endpoint> = {}): Endpoint {
  return anEndpoint({ id: uuid(100 + n) as EndpointId, address: `127.80.2.${n}` as Ipv4, ...wish });
}

test("an endpoint comes back as it went in", async () => {
  const { endpoints } = await openWithBasics();
  const full = numbered(1, {
    phase: "failed",
    approval: "rejected",
    rejectedBy: "whitelist",
    dnsEnabled: true,
    description: "for reports",
    ownerNote: "team A",
    markerId: 16_777_300,
    sourceWhitelistEnabled: true,
    sourceWhitelist: ["10.0.0.1"],
    tags: [{ key: "a", value: "b" }],
    failureCode: "port_taken",
    failureMessage: "port 9200 is taken",
    updatedAt: 7,
  });
  await endpoints.insert(anEndpoint());
  await endpoints.insert(full);
  expect(await endpoints.find(endpointId)).toEqual(anEndpoint());
  expect(await endpoints.find(full.id)).toEqual(full);
  expect(await endpoints.allOfService(serviceId)).toHaveLength(2);
  expect(await endpoints.allOfService(uuid(1) as ServiceId)).toEqual([]);
  await endpoints.delete(endpointId);
  expect(await endpoints.find(endpointId)).toBeUndefined();
  expect(await endpoints.find(full.id)).toEqual(full);
});

test("any pages of any list put together are the whole list: newest first, ties by id", async () => {
  const { endpoints } = await openWithBasics();
  const insert = async (times: readonly number[]): Promise<Endpoint[]> => {
    for (const { id } of await endpoints.allOfService(serviceId)) await endpoints.delete(id);
    const rows = times.map((createdAt, n) => numbered(n, { createdAt }));
    for (const row of rows) await endpoints.insert(row);
    return rows.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  };
  const times = fc.array(fc.nat({ max: 3 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 13 }), async (createdAt, limit) => {
      const expected = await insert(createdAt);
      const read: Endpoint[] = [];
      for (let offset = 0; offset <= expected.length; offset += limit) {
        const page = await endpoints.listByService(serviceId, { offset, limit });
        expect(page.total).toBe(expected.length);
        expect(await endpoints.listByProject(projectId, { offset, limit })).toEqual(page);
        read.push(...page.items);
      }
      expect(read).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("the consumer's list holds his endpoints only", async () => {
  const store = await openWithBasics();
  const consumer = hexId(50) as ProjectId;
  await store.identity.insertProject(aProject({ id: consumer, name: "second" }));
  await store.endpoints.insert(numbered(1));
  await store.endpoints.insert(numbered(2, { projectId: consumer }));
  const page = { offset: 0, limit: 10 };
  expect(await store.endpoints.listByProject(consumer, page)).toEqual({
    items: [numbered(2, { projectId: consumer })],
    total: 1,
  });
  expect((await store.endpoints.listByService(serviceId, page)).total).toBe(2);
});

test("an address is taken once a subnet", async () => {
  const store = await openWithBasics();
  const second = aSubnet({ id: uuid(80) as SubnetId, name: "second" });
  await store.networks.insertSubnet(second);
  await store.endpoints.insert(numbered(1));
  const twin = numbered(2, { address: numbered(1).address });
  await expect(store.endpoints.insert(twin)).rejects.toThrow(/UNIQUE/);
  await store.endpoints.insert({ ...twin, subnetId: second.id, vpcId });
  await store.endpoints.insert(numbered(3));
  const asked = ["127.80.2.1", "127.80.2.2", "127.80.2.3"] as Ipv4[];
  expect(await store.endpoints.takenAddresses(subnetId, asked)).toEqual(
    new Set(["127.80.2.1", "127.80.2.3"]),
  );
  expect(await store.endpoints.takenAddresses(second.id, asked)).toEqual(new Set(["127.80.2.1"]));
  expect(await store.endpoints.takenAddresses(subnetId, asked.slice(1, 2))).toEqual(new Set());
  expect(await store.endpoints.countInSubnet(subnetId)).toBe(2);
  expect(await store.endpoints.countInSubnet(second.id)).toBe(1);
});

describe("a change", () => {
  const other = numbered(9);

  async function changed(change: (store: SqlStore) => Promise<void>): Promise<Endpoint | undefined> {
    const store = await openWithBasics();
    await store.endpoints.insert(anEndpoint());
    await store.endpoints.insert(other);
    await change(store);
    expect(await store.endpoints.find(other.id)).toEqual(other);
    return store.endpoints.find(endpointId);
  }

  test("of the state, with its time", async () => {
    const state = { phase: "failed", approval: "rejected", rejectedBy: "owner" } as const;
    const after = await changed((store) => store.endpoints.setState(endpointId, state, 5));
    expect(after).toEqual(anEndpoint({ ...state, updatedAt: 5 }));
  });

  test("of the phase, with the failure and without a time, and back", async () => {
    const failure = { code: "port_taken", message: "m" };
    expect(await changed((store) => store.endpoints.setPhase(endpointId, "failed", failure))).toEqual(
      anEndpoint({ phase: "failed", failureCode: "port_taken", failureMessage: "m" }),
    );
    const back = await changed(async ({ endpoints }) => {
      await endpoints.setPhase(endpointId, "failed", failure);
      await endpoints.setPhase(endpointId, "ready", null);
    });
    expect(back).toEqual(anEndpoint());
  });

  test("of the offer and of the cap, with their time", async () => {
    const address6 = "fd00:1::2" as Ipv6;
    const offer = { specificationName: "professional", maxSession: 1_000_000, dnsEnabled: true, address6 };
    expect(await changed((store) => store.endpoints.setOffer(endpointId, offer, 5))).toEqual(
      anEndpoint({ ...offer, updatedAt: 5 }),
    );
    const caps = { maxSession: 9, maxConnectionRate: 50, maxBandwidth: 2_000_000 };
    expect(await changed((store) => store.endpoints.setCaps(endpointId, caps, 6))).toEqual(
      anEndpoint({ ...caps, updatedAt: 6 }),
    );
  });
});

test("unsettled are those whose address is not known to be up", async () => {
  const { endpoints } = await openWithBasics();
  await endpoints.insert(numbered(1, { phase: "creating" }));
  await endpoints.insert(numbered(2, { phase: "ready" }));
  await endpoints.insert(numbered(3, { phase: "failed" }));
  expect((await endpoints.unsettled()).map(({ id }) => id).toSorted()).toEqual([
    numbered(1).id,
    numbered(3).id,
  ]);
});

test("details change together, on that endpoint only", async () => {
  const { endpoints } = await openWithBasics();
  await endpoints.insert(anEndpoint());
  await endpoints.insert(numbered(1));
  const details = {
    ownerNote: "n",
    sourceWhitelistEnabled: true,
    sourceWhitelist: ["10.0.0.0/8"],
    tags: [{ key: "k", value: "v" }],
  };
  await endpoints.setDetails(endpointId, details, 9);
  expect(await endpoints.find(endpointId)).toEqual(anEndpoint({ ...details, updatedAt: 9 }));
  expect(await endpoints.find(numbered(1).id)).toEqual(numbered(1));
});

test("active are those that are accepted or still come up", async () => {
  const { endpoints } = await openWithBasics();
  const states = [
    { phase: "ready", approval: "accepted" },
    { phase: "failed", approval: "accepted" },
    { phase: "creating", approval: "pending" },
    { phase: "ready", approval: "pending" },
    { phase: "creating", approval: "rejected" },
  ] as const;
  for (const [n, state] of states.entries()) await endpoints.insert(numbered(n + 1, state));
  expect(await endpoints.countActive(serviceId)).toBe(3);
  expect(await endpoints.allOfProject(projectId)).toHaveLength(5);
  expect(await endpoints.allOfProject(hexId(99) as ProjectId)).toEqual([]);
});

test("the next marker is larger than any, and the first is large too", async () => {
  const { endpoints } = await openWithBasics();
  expect(await endpoints.nextMarkerId()).toBe(16_777_217);
  await endpoints.insert(anEndpoint({ markerId: 20_000_000 }));
  expect(await endpoints.nextMarkerId()).toBe(20_000_001);
});
