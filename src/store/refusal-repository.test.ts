import { expect, test } from "vitest";
import type { AccountId, EndpointId, GatewayId } from "../domain/ids.ts";
import { refusalsKept, refusalsKeptMs, type RefusalRecord } from "../domain/refusal-record.ts";
import { anEndpoint, endpointId, gatewayId, hexId, serviceId, uuid } from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const other = uuid(70) as EndpointId;
const day = 24 * 3_600_000;
const now = 100 * day;
const page = { offset: 0, limit: 1_000 };

function refusal(wish: Partial<RefusalRecord> = {}): RefusalRecord {
  return {
    endpointId,
    reason: "session_cap",
    source: "10.0.0.1",
    firstAt: now,
    lastAt: now,
    count: 1,
    ...wish,
  };
}

async function start() {
  const store = await openTestStore();
  const stranger = hexId(8) as AccountId;
  await store.observe(async (tx) => {
    await insertBasics(tx);
    await tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: null });
    await tx.gateways.insert({ id: uuid(60) as GatewayId, name: "edge", tokenHash: "h2", lastSeenAt: null });
    await tx.identity.insertAccount({ id: stranger, name: "stranger", createdAt: 1 });
    await tx.endpoints.insert(anEndpoint());
    await tx.endpoints.insert(
      anEndpoint({ id: other, accountId: stranger, address: "127.80.0.9" as Ipv4, markerId: 16_777_300 }),
    );
  });
  let sequence = 0;
  const take = (records: readonly RefusalRecord[], at = now): Promise<boolean> => {
    sequence += 1;
    return store.observe((tx) => tx.refusals.take(gatewayId, { process: "p", sequence, records }, at));
  };
  return { store, take, stranger };
}

test("records are added up by endpoint, reason and source, and listed latest first with whom they concern", async () => {
  const { store, take, stranger } = await start();
  await take([
    refusal({ lastAt: now + 5 }),
    refusal({ source: null, count: 3 }),
    refusal({ endpointId: other }),
  ]);
  await take([
    refusal({ firstAt: now - 9, lastAt: now + 2, count: 4 }),
    refusal({ reason: "not_accepted", lastAt: now + 9 }),
  ]);
  const kept = { serviceId, accountId: anEndpoint().accountId };
  const { items, total } = await store.refusals.listByEndpoint(endpointId, page);
  expect(items).toEqual([
    { ...refusal({ reason: "not_accepted", lastAt: now + 9 }), ...kept },
    { ...refusal({ firstAt: now - 9, lastAt: now + 5, count: 5 }), ...kept },
    { ...refusal({ source: null, count: 3 }), ...kept },
  ]);
  expect(total).toBe(3);
  const ofService = await store.refusals.listByService(serviceId, { offset: 3, limit: 1 });
  expect(ofService).toEqual({
    items: [{ ...refusal({ endpointId: other }), ...kept, accountId: stranger }],
    total: 4,
  });
});

test("a batch is taken once, whatever comes twice or late; another process begins anew", async () => {
  const { store } = await start();
  const take = (process: string, sequence: number, gateway = gatewayId): Promise<boolean> =>
    store.observe((tx) => tx.refusals.take(gateway, { process, sequence, records: [refusal()] }, now));
  const taken = [await take("p", 1), await take("p", 1), await take("p", 2), await take("p", 1)];
  expect(taken).toEqual([true, false, true, false]);
  expect([await take("q", 1), await take("q", 1), await take("q", 1, uuid(60) as GatewayId)]).toEqual([
    true,
    false,
    true,
  ]);
  expect((await store.refusals.listByEndpoint(endpointId, page)).items).toMatchObject([{ count: 4 }]);
});

test("what is told of an endpoint that is no more is left out, and its records go with it", async () => {
  const { store, take } = await start();
  await take([refusal(), refusal({ endpointId: uuid(404) as EndpointId }), refusal({ endpointId: other })]);
  await store.observe((tx) => tx.endpoints.delete(other));
  expect(await store.refusals.listByService(serviceId, page)).toMatchObject({
    total: 1,
    items: [{ endpointId }],
  });
});

test("of an endpoint a thousand are kept, and of the oldest beyond the count; the others keep theirs", async () => {
  const { store, take } = await start();
  await take([refusal({ endpointId: other })]);
  const of = (from: number): RefusalRecord[] =>
    Array.from({ length: 700 }, (_, n) =>
      refusal({ source: `10.1.${Math.floor((from + n) / 250)}.${(from + n) % 250}`, lastAt: now + from + n }),
    );
  await take(of(0));
  await take(of(700));
  const { items, total } = await store.refusals.listByEndpoint(endpointId, page);
  expect(total).toBeLessThanOrEqual(refusalsKept);
  expect(total).toBeGreaterThan(refusalsKept - 20);
  expect(items.reduce((sum, { count }) => sum + count, 0)).toBe(1_400);
  expect(items[0]).toMatchObject({ lastAt: now + 1_399 });
  expect(items.find(({ source }) => source === null)).toMatchObject({
    count: 1_400 - (total - 1),
    firstAt: now,
  });
  expect((await store.refusals.listByEndpoint(other, page)).total).toBe(1);
});

test("what nothing is added to for thirty days is forgotten", async () => {
  const { store, take } = await start();
  await take([refusal(), refusal({ source: "10.0.0.2", lastAt: now + day })]);
  await take([refusal({ endpointId: other, lastAt: now + 30 * day })], now + refusalsKeptMs + 1);
  const { items } = await store.refusals.listByService(serviceId, page);
  expect(items.map(({ source }) => source)).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(items[0]?.endpointId).toBe(other);
});
