import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { NewEvent } from "../../domain/events.ts";
import type { WebhookId } from "../../domain/ids.ts";
import { projectId, uuid } from "../../domain/test-fixtures.ts";
import { mostAttempts, type Delivery, type Webhook } from "../../domain/webhook.ts";
import { createLogger } from "../../lib/log.ts";
import { AddressSet } from "../../lib/special-address.ts";
import { newWebhookSecret } from "../../lib/standard-webhook.ts";
import { TestClock } from "../../lib/test-clock.ts";
import { insertBasics } from "../../store/test-basics.ts";
import { openTestStore } from "../../store/test-store.ts";
import { afterFailure, Dispatcher } from "./dispatcher.ts";
import { MessageSender } from "./message-sender.ts";
import { TargetGuard } from "./target-guard.ts";

type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  data: { n: number; resource: string },
) => void;

const ok: Answer = (_request, response) => void response.writeHead(204).end();

/** A receiver that notes what came, and answers as a test says. */
async function receive(initial: Answer = ok) {
  const received: string[] = [];
  const receiver = { answer: initial, received, url: "", underWay: 0, most: 0 };
  const server = createServer((request, response) => {
    let text = "";
    receiver.underWay += 1;
    receiver.most = Math.max(receiver.most, receiver.underWay);
    response.on("close", () => (receiver.underWay -= 1));
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const { resource, data } = JSON.parse(text) as { resource: string; data: { n: number } };
      received.push(`${resource}:${data.n}`);
      receiver.answer(request, response, { n: data.n, resource });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}

async function start() {
  const clock = new TestClock();
  const store = await openTestStore(undefined, clock);
  await store.write({ actor: "a", action: "b", resource: "c" }, insertBasics);
  const guard = new TargetGuard(store, clock, new AddressSet(["127.0.0.0/8"]));
  const secret = newWebhookSecret();
  const sender = new MessageSender(guard, clock, () => secret, "1.2.3");
  const newDispatcher = async (): Promise<Dispatcher> => {
    const made = new Dispatcher(store, clock, guard, sender, createLogger("unit", "silent"));
    await made.start();
    onTestFinished(() => made.close());
    return made;
  };
  const addWebhook = async (n: number, url: string): Promise<WebhookId> => {
    const id = uuid(n) as WebhookId;
    const facts = { description: "", enabled: true, sealedSecret: "sealed", createdAt: n, updatedAt: n };
    const webhook: Webhook = { id, projectId, url, kinds: [], ...facts };
    await store.observe((tx) => tx.webhooks.insert(webhook));
    return id;
  };
  const happen = (...happened: readonly (readonly [resource: string, n: number])[]): Promise<void> =>
    store.observe(({ events }) =>
      events.append(
        happened.map(([resource, n]): NewEvent => ({ projectId, kind: "node.up", resource, data: { n } })),
        clock.now(),
      ),
    );
  const left = async (id: WebhookId, status: Delivery["status"] = "pending") =>
    (await store.webhooks.deliveries(id, status, { offset: 0, limit: 100 })).items;
  return { clock, store, newDispatcher, addWebhook, happen, left };
}

test("what arrived is forgotten, and is in order for each resource", async () => {
  const { newDispatcher, addWebhook, happen, left } = await start();
  const receiver = await receive();
  const id = await addWebhook(1, receiver.url);
  await newDispatcher();
  await happen(["a", 1], ["b", 1], ["a", 2]);
  await happen(["a", 3], ["b", 2]);
  await expect.poll(() => receiver.received.length).toBe(5);
  await expect.poll(() => left(id)).toEqual([]);
  const of = (resource: string) => receiver.received.filter((text) => text.startsWith(resource));
  expect([of("a"), of("b")]).toEqual([
    ["a:1", "a:2", "a:3"],
    ["b:1", "b:2"],
  ]);
});

test("a later event of a resource waits for the earlier one, and others do not", async () => {
  const { clock, newDispatcher, addWebhook, happen, left } = await start();
  const receiver = await receive((request, response, { resource }) => {
    if (resource === "a") response.writeHead(500).end();
    else ok(request, response, { n: 0, resource });
  });
  const id = await addWebhook(1, receiver.url);
  const dispatcher = await newDispatcher();
  await happen(["a", 1], ["a", 2], ["b", 1]);
  await expect.poll(async () => (await left(id)).map(({ failures }) => failures)).toEqual([1, 0]);
  expect(receiver.received.toSorted()).toEqual(["a:1", "b:1"]);
  expect((await left(id))[0]).toMatchObject({ problem: "HTTP 500", status: "pending" });
  receiver.answer = ok;
  dispatcher.tick();
  expect(receiver.received).toHaveLength(2);
  clock.advance(2_000);
  await expect.poll(() => left(id)).toEqual([]);
  expect(receiver.received.slice(2)).toEqual(["a:1", "a:2"]);
});

test("a message is the same at each attempt, with the id of its delivery, and signed for its time", async () => {
  const { clock, newDispatcher, addWebhook, happen, left } = await start();
  const headers: unknown[] = [];
  const receiver = await receive((request, response) => {
    headers.push([request.headers["webhook-id"], request.headers["webhook-timestamp"]]);
    response.writeHead(headers.length === 1 ? 503 : 200).end();
  });
  const id = await addWebhook(1, receiver.url);
  const [firstAt, laterAt] = [clock.now(), clock.now() + 5_000];
  await newDispatcher();
  await happen(["a", 1]);
  await expect.poll(async () => (await left(id))[0]?.failures).toBe(1);
  const [delivery] = await left(id);
  clock.advance(5_000);
  await expect.poll(() => left(id)).toEqual([]);
  expect(headers).toEqual([
    [delivery?.id, String(Math.floor(firstAt / 1_000))],
    [delivery?.id, String(Math.floor(laterAt / 1_000))],
  ]);
});

test("what an earlier process left is taken up by the next", async () => {
  const { newDispatcher, addWebhook, happen, left } = await start();
  const receiver = await receive();
  const id = await addWebhook(1, receiver.url);
  await happen(["a", 1], ["a", 2]);
  expect(await left(id)).toHaveLength(2);
  await newDispatcher();
  await expect.poll(() => left(id)).toEqual([]);
  expect(receiver.received).toEqual(["a:1", "a:2"]);
});

test("a receiver that hangs gets few messages at once, and holds up nobody else", async () => {
  const { newDispatcher, addWebhook, happen, left } = await start();
  const [slow, quick] = [await receive(() => undefined), await receive()];
  await addWebhook(1, slow.url);
  const id = await addWebhook(2, quick.url);
  await newDispatcher();
  await happen(...Array.from({ length: 30 }, (_, n) => [`r${n}`, n] as const));
  await expect.poll(() => left(id)).toEqual([]);
  await expect.poll(() => slow.underWay).toBe(4);
  expect([slow.most, quick.received.length]).toEqual([4, 30]);
  expect(quick.most).toBeLessThanOrEqual(4);
});

test("a delivery dies after the last attempt, and what comes behind it goes on", async () => {
  const { store, newDispatcher, addWebhook, happen, left } = await start();
  const receiver = await receive((_request, response, { n }) => {
    response.writeHead(n === 1 ? 404 : 200).end();
  });
  const id = await addWebhook(1, receiver.url);
  await happen(["a", 1], ["a", 2]);
  const [first] = await left(id);
  if (!first) throw new Error("there is no delivery");
  await store.observe((tx) => tx.webhooks.setDelivery({ ...first, failures: mostAttempts - 1 }));
  await newDispatcher();
  await expect.poll(() => left(id)).toEqual([]);
  expect(await left(id, "dead")).toMatchObject([
    { id: first.id, failures: mostAttempts, problem: "HTTP 404" },
  ]);
  expect(receiver.received).toEqual(["a:1", "a:2"]);
});

test("a disabled webhook gets nothing until it is enabled", async () => {
  const { store, newDispatcher, addWebhook, happen, left } = await start();
  const receiver = await receive();
  const id = await addWebhook(1, receiver.url);
  await happen(["a", 1]);
  const webhook = await store.webhooks.find(id);
  if (!webhook) throw new Error("there is no webhook");
  await store.observe((tx) => tx.webhooks.update({ ...webhook, enabled: false }));
  const dispatcher = await newDispatcher();
  dispatcher.wake(id);
  await store.observe((tx) => tx.webhooks.update({ ...webhook, enabled: true }));
  expect(receiver.received).toEqual([]);
  dispatcher.wake(id);
  await expect.poll(() => left(id)).toEqual([]);
});

test("waits double, and all attempts together take about a day", async () => {
  const { addWebhook, happen, left } = await start();
  const id = await addWebhook(1, "http://127.0.0.1:1/");
  await happen(["a", 1]);
  let [delivery] = await left(id);
  let [now, attempts] = [0, 0];
  while (delivery?.status === "pending") {
    delivery = afterFailure(delivery, "x".repeat(1_000), now, 0.5);
    now = delivery.nextAt;
    attempts += 1;
  }
  expect(attempts).toBe(mostAttempts);
  expect(delivery?.problem).toHaveLength(500);
  expect(now / 3_600_000).toBeGreaterThan(22);
  expect(now / 3_600_000).toBeLessThan(26);
});
