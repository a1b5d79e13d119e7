import { join } from "node:path";
import { expect, test } from "vitest";
import type { NewEvent } from "../domain/events.ts";
import type { ProjectId, WebhookId } from "../domain/ids.ts";
import type { EventFilter, EventsCommitted } from "../domain/store.ts";
import {
  aProject,
  anEndpoint,
  endpointId,
  hexId,
  projectId,
  serviceId,
  uuid,
} from "../domain/test-fixtures.ts";
import type { Webhook } from "../domain/webhook.ts";
import { testDirectory } from "../lib/test-directory.ts";
import type { SqlStore } from "./sql-store.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const audit = { actor: "a", action: "b", resource: "c" };
const all = { after: 0, kinds: [], limit: 1_000 };

function anEvent(wish: Partial<NewEvent> = {}): NewEvent {
  return { projectId, kind: "node.down", resource: "node/1", data: {}, ...wish };
}

function webhook(n: number, wish: Partial<Webhook> = {}): Webhook {
  return {
    id: uuid(n) as WebhookId,
    projectId,
    url: "https://example.com/",
    kinds: [],
    description: "",
    enabled: true,
    sealedSecret: "s",
    createdAt: n,
    updatedAt: n,
    ...wish,
  };
}

async function openStore(file?: string): Promise<SqlStore> {
  const store = await openTestStore(file);
  await store.write(audit, insertBasics);
  return store;
}

async function kindsOf(store: SqlStore, project = projectId): Promise<readonly string[]> {
  return (await store.events.list(project, all)).map(({ kind }) => kind);
}

test("what a write makes happen is there with it, and told of once it is durable", async () => {
  const store = await openStore();
  const before = await store.events.latest();
  const told: EventsCommitted[] = [];
  store.onEvents((committed) => told.push(committed));
  await store.write(audit, (tx) =>
    tx.endpoints.insert(anEndpoint({ phase: "creating", approval: "pending" })),
  );
  const events = await store.events.list(projectId, { ...all, after: before });
  expect(events.map(({ kind }) => kind)).toEqual(["endpoint.created", "connection.pending"]);
  expect(events.map(({ seq }) => seq)).toEqual([before + 1, before + 2]);
  expect(events[0]).toMatchObject({ resource: `endpoint/${endpointId}`, data: { service_id: serviceId } });
  expect(told).toEqual([{ projects: new Set([projectId]), webhooks: new Set() }]);
});

test("of an endpoint that is updated, also before it is deleted, both sides are told all that its events name", async () => {
  const store = await openStore();
  const other = aProject({ id: hexId(50) as ProjectId, name: "other" });
  await store.write(audit, async (tx) => {
    await tx.identity.insertProject(other);
    await tx.endpoints.insert(anEndpoint({ projectId: other.id }));
  });
  const [before, beforeOfOther] = [await store.events.latest(), (await kindsOf(store, other.id)).length];
  const rejected = { phase: "ready", approval: "rejected", rejectedBy: "owner" } as const;
  await store.write(audit, (tx) => tx.endpoints.setState(endpointId, rejected, 2));
  const [event] = await store.events.list(projectId, { ...all, after: before });
  expect(event).toMatchObject({
    kind: "connection.rejected",
    resource: `endpoint/${endpointId}`,
    data: { endpoint_id: endpointId, service_id: serviceId, rejected_by: "owner", marker_id: 16_777_217 },
  });
  await store.write(audit, async (tx) => {
    await tx.endpoints.setPhase(endpointId, "failed", { code: "port_taken", message: "m" });
    await tx.endpoints.delete(endpointId);
  });
  expect((await kindsOf(store, other.id)).slice(beforeOfOther)).toEqual([
    "connection.rejected",
    "endpoint.failed",
    "endpoint.deleted",
  ]);
});

test("a change that nothing is told of wakes nobody", async () => {
  const store = await openStore();
  await store.write(audit, (tx) => tx.endpoints.insert(anEndpoint()));
  const [before, told] = [await store.events.latest(), [] as EventsCommitted[]];
  store.onEvents((committed) => told.push(committed));
  const caps = { maxSession: 5, maxConnectionRate: null, maxBandwidth: null };
  await store.write(audit, (tx) => tx.endpoints.setCaps(endpointId, caps, 2));
  expect([await store.events.latest(), told]).toEqual([before, []]);
});

test("of a write that fails nothing is told", async () => {
  const store = await openStore();
  const before = await store.events.latest();
  const told: EventsCommitted[] = [];
  store.onEvents((committed) => told.push(committed));
  const failing = store.write(audit, async (tx) => {
    await tx.endpoints.insert(anEndpoint());
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect([await store.events.list(projectId, { ...all, after: before }), told]).toEqual([[], []]);
});

test("a service that goes with its endpoints is told of, although it is not there any more", async () => {
  const store = await openStore();
  await store.write(audit, (tx) => tx.endpoints.insert(anEndpoint()));
  const before = await store.events.latest();
  await store.write(audit, (tx) => tx.services.delete(serviceId));
  const events = await store.events.list(projectId, { ...all, after: before });
  expect(events.map(({ kind }) => kind).toSorted()).toEqual(["endpoint.deleted", "service.closed"]);
});

test("consumers hear of a service that closes, and projects that are gone hear nothing", async () => {
  const store = await openStore();
  const other = aProject({ id: hexId(50) as ProjectId, name: "other" });
  await store.write(audit, async (tx) => {
    await tx.identity.insertProject(other);
    await tx.endpoints.insert(anEndpoint({ projectId: other.id }));
  });
  expect(await kindsOf(store, other.id)).toEqual(["endpoint.created", "connection.accepted"]);
  await store.write(audit, async (tx) => {
    const service = await tx.services.find(serviceId);
    if (service) await tx.services.update({ ...service, enabled: false });
  });
  expect((await kindsOf(store, other.id)).at(-1)).toBe("service.closed");
  await store.write(audit, async (tx) => {
    await tx.endpoints.delete(endpointId);
    await tx.identity.deleteProject(other.id);
  });
  expect(await kindsOf(store, other.id)).toEqual([]);
  expect((await kindsOf(store)).at(-1)).toBe("endpoint.deleted");
});

test("a list begins behind a number, names kinds, and ends at its limit", async () => {
  const store = await openStore();
  const kinds = ["node.down", "node.up", "node.down", "cap.80"] as const;
  const first = (await store.events.latest()) + 1;
  await store.observe(({ events }) =>
    events.append(
      kinds.map((kind) => anEvent({ kind })),
      1_000,
    ),
  );
  const list = async (filter: Partial<EventFilter>) =>
    (await store.events.list(projectId, { ...all, after: first - 1, ...filter })).map(
      ({ seq }) => seq - first,
    );
  expect(await list({})).toEqual([0, 1, 2, 3]);
  expect(await list({ after: first + 1 })).toEqual([2, 3]);
  expect(await list({ kinds: ["node.down"] })).toEqual([0, 2]);
  expect(await list({ limit: 2 })).toEqual([0, 1]);
  expect(await list({ limit: 2, isNewest: true })).toEqual([2, 3]);
  expect(await store.events.list(hexId(77) as ProjectId, all)).toEqual([]);
});

test("more events than one statement takes keep their order", async () => {
  const store = await openStore();
  const after = await store.events.latest();
  const many = Array.from({ length: 1_201 }, (_, n) => anEvent({ data: { n } }));
  await store.observe(({ events }) => events.append(many, 1));
  const kept = await store.events.list(projectId, { after, kinds: [], limit: 2_000 });
  expect(kept.map(({ data, seq }) => [data["n"], seq - after])).toEqual(many.map((_, n) => [n, n + 1]));
});

test("trimming forgets what is old, then what is too many, and never gives a number twice", async () => {
  const file = join(testDirectory(), "postern.db");
  const store = await openStore(file);
  await store.observe(({ events }) => events.trim(Number.MAX_SAFE_INTEGER, 1, 1_000));
  const first = (await store.events.latest()) + 1;
  for (const at of [10, 20, 30, 40, 50]) await store.observe(({ events }) => events.append([anEvent()], at));
  expect(await store.events.firstSince(projectId, 25)).toBe(first + 2);
  expect(await store.events.firstSince(projectId, 55)).toBe(first + 5);
  const trim = (before: number, most: number, now: number) =>
    store.observe(({ events }) => events.trim(before, most, now));
  expect([await trim(30, 10, 1), await trim(30, 10, 5), await trim(30, 10, 5)]).toEqual([1, 1, 0]);
  expect(await store.events.floor(projectId)).toBe(first + 1);
  expect([await trim(0, 2, 5), await trim(0, 2, 5)]).toEqual([1, 0]);
  expect((await store.events.list(projectId, all)).map(({ seq }) => seq)).toEqual([first + 3, first + 4]);
  await trim(Number.MAX_SAFE_INTEGER, 1, 10);
  await store.observe(({ events }) => events.append([anEvent()], 60));
  expect(await store.events.latest()).toBe(first + 5);
});

test("webhooks get the events of their project and kinds, while they are enabled", async () => {
  const store = await openStore();
  await store.observe(async ({ webhooks, identity }) => {
    await identity.insertProject(aProject({ id: hexId(50) as ProjectId, name: "other" }));
    await webhooks.insert(webhook(1));
    await webhooks.insert(webhook(2, { kinds: ["node.up"] }));
    await webhooks.insert(webhook(3, { enabled: false }));
    await webhooks.insert(webhook(4, { projectId: hexId(50) as ProjectId }));
  });
  const told: EventsCommitted[] = [];
  store.onEvents((committed) => told.push(committed));
  await store.observe(({ events }) =>
    events.append([anEvent({ data: { a: 1 } }), anEvent({ kind: "node.up", resource: "node/2" })], 5),
  );
  const pending = async (n: number) =>
    (await store.webhooks.deliveries(uuid(n) as WebhookId, "pending", { offset: 0, limit: 10 })).items;
  expect((await pending(1)).map(({ kind, resource }) => [kind, resource])).toEqual([
    ["node.down", "node/1"],
    ["node.up", "node/2"],
  ]);
  const [first] = await pending(1);
  expect(JSON.parse(first?.body ?? "")).toMatchObject({ id: first?.seq, type: "node.down", data: { a: 1 } });
  expect((await pending(2)).map(({ kind }) => kind)).toEqual(["node.up"]);
  expect([await pending(3), await pending(4)]).toEqual([[], []]);
  expect(told).toEqual([{ projects: new Set([projectId]), webhooks: new Set([uuid(1), uuid(2)]) }]);
  expect(await store.webhooks.withPending()).toEqual([uuid(1), uuid(2)]);
});
