import { expect, test } from "vitest";
import type { NewEvent } from "../../domain/events.ts";
import type { WebhookId } from "../../domain/ids.ts";
import { mostWebhooks } from "../../domain/webhook.ts";
import { refusal, startTestServer, type Answer, type Tenant } from "../test-server.ts";

const path = "/postern/v1/{p}/webhooks";
const url = "https://hooks.example.com/postern";

async function start() {
  const server = await startTestServer();
  const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger")];
  const create = (wish: object = {}, by: Tenant = owner): Promise<Answer> =>
    by.call("POST", path, { url, ...wish });
  const happen = (n: number): Promise<void> => {
    const event: NewEvent = { projectId: owner.projectId, kind: "node.up", resource: "node/1", data: { n } };
    return server.store.observe((tx) => tx.events.append([event], server.clock.now()));
  };
  return { server, owner, stranger, create, happen };
}

test("a webhook tells its secret once, and keeps it sealed", async () => {
  const { server, owner, create } = await start();
  const { status, body, text } = await create({ kinds: ["node.up", "node.up"], description: "pager" });
  const { secret, ...shown } = body;
  expect([status, secret]).toEqual([200, expect.stringMatching(/^whsec_[A-Za-z0-9+/]{32}$/)]);
  expect(shown).toMatchObject({ url, kinds: ["node.up"], description: "pager", enabled: true });
  const again = await owner.call("GET", `${path}/${String(body["id"])}`);
  const list = await owner.call("GET", path);
  expect(again.body).toEqual(shown);
  expect(list.body).toEqual({ webhooks: [shown], total_count: 1 });
  const kept = await server.store.webhooks.find(String(body["id"]) as WebhookId);
  expect(kept?.sealedSecret).not.toContain(String(secret));
  expect(server.sealer.unseal(kept?.sealedSecret ?? "")).toBe(secret);
  expect(text).toContain("whsec_");
  expect(again.text + list.text).not.toContain("whsec_");
});

test.each([
  [{ url: "" }],
  [{ url: `https://example.com/${"x".repeat(2_048)}` }],
  [{ kinds: ["nonsense"] }],
  [{ enabled: "yes" }],
  [{ description: "x".repeat(256) }],
  [{ url: "https://refused.example.com/" }],
])("a webhook with %j is refused, and one that is there does not become it", async (wish) => {
  const { server, owner, create } = await start();
  server.webhooks.refused.add("https://refused.example.com/");
  expect(refusal(await create(wish))).toMatch(/^400 /);
  const { body } = await create();
  expect(refusal(await owner.call("PUT", `${path}/${String(body["id"])}`, wish))).toMatch(/^400 /);
  expect((await owner.call("GET", `${path}/${String(body["id"])}`)).body).toMatchObject({ url, kinds: [] });
});

test("a project has so many webhooks at most", async () => {
  const { create, stranger } = await start();
  for (let n = 0; n < mostWebhooks; n += 1) expect((await create()).status).toBe(200);
  expect(refusal(await create())).toBe("400 Endpoint.1018");
  expect((await create({}, stranger)).status).toBe(200);
});

test("a change keeps what it does not name, wakes the webhook, and holds to If-Match", async () => {
  const { server, owner, create } = await start();
  const { body, headers } = await create({ kinds: ["node.up"], description: "pager" });
  const one = `${path}/${String(body["id"])}`;
  const changed = await owner.call("PUT", one, { enabled: false }, { "if-match": String(headers["etag"]) });
  expect(changed.body).toMatchObject({ enabled: false, kinds: ["node.up"], description: "pager", url });
  expect(server.webhooks.woken).toEqual([body["id"]]);
  const late = await owner.call("PUT", one, { enabled: true }, { "if-match": String(headers["etag"]) });
  expect(late.status).toBe(412);
  const elsewhere = await owner.call("PUT", one, {
    url: "https://else.example.com/",
    kinds: [],
    description: "",
  });
  expect(elsewhere.body).toMatchObject({ url: "https://else.example.com/", kinds: [], description: "" });
  const outdated = await owner.call("DELETE", one, undefined, { "if-match": String(headers["etag"]) });
  expect(outdated.status).toBe(412);
  expect((await owner.call("DELETE", one)).status).toBe(204);
  expect((await owner.call("GET", one)).status).toBe(404);
});

test("a test message is sent at once, and its outcome is the answer", async () => {
  const { server, owner, create } = await start();
  const { body } = await create();
  const call = () => owner.call("POST", `${path}/${String(body["id"])}/test`);
  expect((await call()).body).toEqual({ delivered: true, status: 204, duration_ms: 0 });
  server.webhooks.outcome = { ok: false, problem: "ECONNREFUSED" };
  expect((await call()).body).toEqual({ delivered: false, problem: "ECONNREFUSED", duration_ms: 0 });
  const [first, second] = server.webhooks.sent;
  expect(JSON.parse(first?.body ?? "")).toMatchObject({
    type: "webhook.test",
    project_id: owner.projectId,
    data: {},
  });
  expect(first?.id).not.toBe(second?.id);
});

test("what is on its way and what died are listed, and a retry makes it due", async () => {
  const { server, owner, create, happen } = await start();
  const { body } = await create();
  const one = `${path}/${String(body["id"])}`;
  await happen(1);
  await happen(2);
  const pending = await owner.call("GET", `${one}/deliveries`);
  expect(pending.body).toMatchObject({
    total_count: 2,
    deliveries: [{ kind: "node.up", status: "pending", failures: 0 }, {}],
  });
  const [first] = pending.body["deliveries"] as readonly { readonly id: string }[];
  const delivery = await server.store.webhooks.delivery(first?.id ?? "");
  if (!delivery) throw new Error("the delivery is gone");
  await server.store.observe((tx) =>
    tx.webhooks.setDelivery({ ...delivery, status: "dead", failures: 20, problem: "HTTP 500" }),
  );
  const dead = await owner.call("GET", `${one}/deliveries?status=dead&limit=1`);
  expect(dead.body).toMatchObject({
    total_count: 1,
    deliveries: [{ id: first?.id, problem: "HTTP 500", failures: 20 }],
  });
  server.clock.advance(1_000);
  const retried = await owner.call("POST", `${one}/deliveries/${delivery.id}/retry`);
  expect(retried.body).toMatchObject({ status: "pending", failures: 0 });
  expect((await server.store.webhooks.delivery(delivery.id))?.nextAt).toBe(server.clock.now());
  expect(server.webhooks.woken).toEqual([body["id"]]);
  expect((await owner.call("POST", `${one}/deliveries/nonsense/retry`)).status).toBe(404);
});

test("a webhook of another project is not there", async () => {
  const { server, owner, stranger, create, happen } = await start();
  const { body } = await create();
  const theirs = await create({}, stranger);
  await happen(1);
  const [delivery] = (
    await server.store.webhooks.deliveries(body["id"] as WebhookId, "pending", { offset: 0, limit: 1 })
  ).items;
  const one = `${path}/${String(body["id"])}`;
  const answers = [
    await stranger.call("GET", one),
    await stranger.call("PUT", one, { enabled: false }),
    await stranger.call("DELETE", one),
    await stranger.call("POST", `${one}/test`),
    await stranger.call("GET", `${one}/deliveries`),
    await stranger.call(
      "POST",
      `${path}/${String(theirs.body["id"])}/deliveries/${delivery?.id ?? ""}/retry`,
    ),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
  expect((await owner.call("GET", one)).body).toMatchObject({ enabled: true });
  expect((await stranger.call("GET", path)).body).toMatchObject({ total_count: 1 });
});

test("a dry run makes no webhook", async () => {
  const { owner } = await start();
  const { headers } = await owner.call("POST", path, { url }, { "x-postern-dry-run": "true" });
  expect(headers["x-postern-dry-run"]).toBe("true");
  expect((await owner.call("GET", path)).body).toMatchObject({ total_count: 0 });
});
