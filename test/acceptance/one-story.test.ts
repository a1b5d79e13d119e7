import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import type { Session } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";

type ShownEvent = {
  readonly id: number;
  readonly type: string;
  readonly resource: string;
  readonly data: Readonly<Record<string, unknown>>;
};
type AuditEntry = {
  readonly action: string;
  readonly actor?: string;
  readonly resource?: string;
  readonly request_id?: string;
  readonly revision?: number;
  readonly changes: readonly { readonly resource: string; readonly after: object | null }[];
};
type Refused = {
  readonly reason: string;
  readonly source?: string;
  readonly account: string;
  readonly count: number;
};
type Explained = { readonly endpoint: string; readonly verdict: string; readonly reason?: string };
type Line = Readonly<Record<string, unknown>>;

const cap = 2;
const from = "127.9.0.7";

let node: SearchNode;
let receiver: WebhookReceiver;
let metricsPort: number;
let postern: Postern;
let service: Service;
let consumer: Tenant;
let endpoint: Endpoint;
const sessions: Session[] = [];

/** An owner who decides himself, with a webhook, and a consumer who waits. */
beforeAll(async () => {
  node = await startNode();
  receiver = await WebhookReceiver.start();
  metricsPort = await freePort();
  const metrics = ["--metrics-gateway", `127.0.0.1:${metricsPort}`];
  const args = ["--log-level", "info", "--webhook-allow", "127.0.0.0/8", ...metrics];
  postern = await startPostern({ args });
  const webhooks = "/postern/v1/{pid}/webhooks";
  const hook = ok(await postern.api<{ secret: string }>("POST", webhooks, { url: receiver.url }));
  receiver.trust(hook.secret);
  service = await Service.open(postern, "logs", [node], { approval_enabled: true });
  consumer = await createTenant(postern, "consumer");
  ok(await service.whitelist(consumer.admin.account_id));
  endpoint = await createEndpoint(consumer, await service.name());
  ok(await service.setCap(endpoint.id, cap));
});
afterAll(async () => {
  for (const session of sessions) session.close();
  await postern.stop();
  await receiver.stop();
  await node.stop();
});

async function explained(): Promise<Explained> {
  const path = `/postern/v1/{pid}/explain?endpoint=${endpoint.id}&source=${from}`;
  return ok(await postern.api<Explained>("GET", path));
}

async function refusals(): Promise<readonly Refused[]> {
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/refusals`;
  return ok(await postern.api<{ refusals: readonly Refused[] }>("GET", path)).refusals;
}

/** Of the endpoint, oldest first. */
async function events(): Promise<readonly ShownEvent[]> {
  const path = "/postern/v1/{pid}/events?limit=1000";
  const all = ok(await postern.api<{ events: readonly ShownEvent[] }>("GET", path)).events;
  return all.filter(({ resource }) => resource === `endpoint/${endpoint.id}`);
}

/** What the trail has of the endpoint, oldest first. */
async function trail(): Promise<readonly AuditEntry[]> {
  const path = `/postern/v1/{pid}/audit?resource=endpoint/${endpoint.id}&limit=1000`;
  return ok(await postern.api<{ events: readonly AuditEntry[] }>("GET", path)).events.toReversed();
}

/** A sample of the endpoint's that the gateway tells Prometheus. */
async function sample(name: string, ...labels: readonly string[]): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const isIts = (line: string): boolean =>
    line.startsWith(`${name}{`) &&
    [`endpoint="${endpoint.id}"`, ...labels].every((one) => line.includes(one));
  const found = text.split("\n").find(isIts);
  return found === undefined ? undefined : Number(found.split(" ").at(-1));
}

function logged(process: "server" | "gateway"): readonly Line[] {
  const json = postern
    .output()
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"));
  return json.map((line): Line => JSON.parse(line)).filter(({ name }) => name === process);
}

function isToldOf(kind: string): () => Promise<boolean> {
  return async () => (await events()).some(({ type }) => type === kind);
}

test("who waits is refused: explain says it before, and the refusals after", async () => {
  const refused = { endpoint: endpoint.id, verdict: "refused", reason: "not_accepted" };
  expect(await explained()).toMatchObject(refused);
  expect(await refusalOf({ ...endpoint, from })).toBe("ECONNRESET");
  await eventually(async () => (await refusals()).length === 1, { what: "the refusal to be kept" });
  const account = consumer.admin.account_id;
  expect(await refusals()).toMatchObject([
    { reason: "not_accepted", source: from, endpoint: endpoint.id, account, count: 1 },
  ]);
  await eventually(
    async () => (await sample("postern_endpoint_refusals_total", 'reason="not_accepted"')) === 1,
  );
});

test("who is accepted is told of, in the trail too, and gets in", async () => {
  const accepted = await service.decide("receive", endpoint.id);
  ok(accepted);
  expect(await explained()).toMatchObject({ verdict: "admitted" });
  expect((await events()).at(-1)).toMatchObject({
    type: "connection.accepted",
    data: { endpoint_id: endpoint.id, account_id: consumer.admin.account_id, cluster_id: service.clusterId },
  });
  const requestId = accepted.headers.get("x-request-id");
  expect((await trail()).at(-1)).toMatchObject({ request_id: requestId, action: "updateVpcepConnection" });
});

test("sessions are listed and counted, up to the cap, which is told and explained", async () => {
  for (let n = 0; n < cap; n += 1) sessions.push(await openSession({ ...endpoint, from }));
  for (const session of sessions) await session.echo();
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/sessions`;
  const live = ok(await postern.api<{ sessions: { source: string; endpoint: string }[] }>("GET", path));
  const one = { endpoint: endpoint.id, source: expect.stringMatching(/^127\.9\.0\.7:\d+$/) };
  expect(live.sessions).toMatchObject([one, one]);
  expect(await refusalOf({ ...endpoint, from })).toBe("ECONNRESET");
  await eventually(isToldOf("cap.100"), { what: "the event of the cap" });
  await eventually(async () => (await explained()).reason === "session_cap");
  await eventually(async () => (await refusals()).some(({ reason }) => reason === "session_cap"));
  expect(await sample("postern_endpoint_sessions")).toBe(cap);
  expect(await sample("postern_endpoint_session_limit")).toBe(cap);
  expect(await sample("postern_endpoint_refusals_total", 'reason="session_cap"')).toBe(1);
  expect((await trail()).map(({ action }) => action)).toContain("capReached");
});

test("a reject cuts them, and its request's id leads through answer, trail and both logs", async () => {
  const rejected = await service.decide("reject", endpoint.id);
  ok(rejected);
  expect(rejected.headers.get("x-postern-enforced")).toBe("true");
  expect(rejected.headers.get("x-postern-severed")).toBe(String(cap));
  const requestId = rejected.headers.get("x-request-id") ?? "";
  const revision = Number(rejected.headers.get("x-postern-revision"));
  await eventually(() => sessions.every(({ death }) => death === "ECONNRESET"), { what: "both to be cut" });
  await eventually(isToldOf("sessions.severed"), { what: "the event of the cut" });
  const severed = (await events()).find(({ type }) => type === "sessions.severed");
  expect(severed?.data).toMatchObject({ endpoint_id: endpoint.id, sessions: cap });

  const entries = await trail();
  expect(entries.find((entry) => entry.request_id === requestId)).toMatchObject({
    action: "updateVpcepConnection",
    revision,
    changes: [{ resource: `endpoint/${endpoint.id}`, after: { approval: "rejected", rejected_by: "owner" } }],
  });
  expect(entries.at(-1)).toMatchObject({
    action: "sessionsSevered",
    resource: `endpoint/${endpoint.id}`,
    changes: [{ resource: `endpoint/${endpoint.id}`, after: { sessions_severed: cap } }],
  });
  const server = await eventually(() => logged("server").find((line) => line["requestId"] === requestId));
  expect(server).toMatchObject({ msg: "request", revision });
  const gateway = await eventually(() =>
    logged("gateway").find(({ requestIds }) => Array.isArray(requestIds) && requestIds.includes(requestId)),
  );
  expect(gateway).toMatchObject({ msg: "snapshot applied", revision, severedSessions: cap });
  expect(await sample("postern_endpoint_sessions")).toBe(0);
});

test("the webhook has had the whole story, in its order, as the list has it", async () => {
  const told = await events();
  expect(told.map(({ type }) => type)).toEqual([
    "endpoint.created",
    "connection.pending",
    "endpoint.ready",
    "connection.accepted",
    "cap.100",
    "connection.rejected",
    "sessions.severed",
  ]);
  const received = (): readonly number[] =>
    receiver.received.filter(({ resource }) => resource === `endpoint/${endpoint.id}`).map(({ id }) => id);
  await eventually(() => received().length >= told.length, { what: "every message" });
  expect(received()).toEqual(told.map(({ id }) => id));
  expect(receiver.forged).toBe(0);
});
