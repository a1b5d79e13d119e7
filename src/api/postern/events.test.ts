import { expect, onTestFinished, test } from "vitest";
import type { NewEvent } from "../../domain/events.ts";
import { hashToken } from "../../lib/secrets.ts";
import { EventStreams } from "../event-streams.ts";
import { LiveFigures } from "../live-figures.ts";
import { listenForFollowers, type Follower } from "../test-follower.ts";
import { refusal, startTestServer, type Tenant, type TestServer } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const follow = await listenForFollowers(server);
  const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger")];
  return { server, follow, owner, stranger };
}

function happen(server: TestServer, { projectId }: Tenant, ...numbers: readonly number[]): Promise<void> {
  const events = numbers.map((n): NewEvent => ({
    projectId,
    kind: n % 2 ? "node.up" : "node.down",
    resource: "node/1",
    data: { n },
  }));
  return server.store.observe((tx) => tx.events.append(events, server.clock.now()));
}

const numbersOf = ({ messages }: Follower): readonly unknown[] =>
  messages.map(({ data }) => (JSON.parse(data) as { data: { n: number } }).data.n);

test("a client is told what happens from now on, and of nobody else's", async () => {
  const { server, follow, owner, stranger } = await start();
  await happen(server, owner, 1);
  const follower = await follow(owner);
  expect([follower.status, follower.type]).toEqual([200, "text/event-stream; charset=utf-8"]);
  await expect.poll(() => follower.text).toContain("id: ");
  await happen(server, stranger, 2);
  await happen(server, owner, 3, 4);
  await expect.poll(() => numbersOf(follower)).toEqual([3, 4]);
  const [first] = follower.messages;
  const shown = JSON.parse(first?.data ?? "") as object;
  expect(first?.event).toBe("node.up");
  expect(shown).toEqual({
    id: Number(first?.id),
    type: "node.up",
    timestamp: new Date(server.clock.now()).toISOString(),
    project_id: owner.projectId,
    resource: "node/1",
    data: { n: 3 },
  });
});

test("who comes back misses nothing and gets nothing twice, also where he heard nothing before", async () => {
  const { server, follow, owner } = await start();
  const first = await follow(owner);
  await expect.poll(() => first.lastId).not.toBe("");
  first.end();
  await happen(server, owner, 1, 2);
  const second = await follow(owner, "", { "last-event-id": first.lastId });
  await expect.poll(() => numbersOf(second)).toEqual([1, 2]);
  second.end();
  await happen(server, owner, 3);
  const third = await follow(owner, "", { "last-event-id": second.lastId });
  await expect.poll(() => numbersOf(third)).toEqual([3]);
});

test("a client may begin behind a number or at a time, and say which kinds he wants", async () => {
  const { server, follow, owner } = await start();
  const began = await server.store.events.latest();
  await happen(server, owner, 1, 2);
  server.clock.advance(1_000);
  const time = new Date(server.clock.now()).toISOString();
  await happen(server, owner, 3, 4, 5);
  const behind = await follow(owner, `?after=${began + 1}`);
  const since = await follow(owner, `?from=${time}`);
  const some = await follow(owner, `?after=${began}&kinds=node.up`);
  await expect.poll(() => numbersOf(behind)).toEqual([2, 3, 4, 5]);
  await expect.poll(() => numbersOf(since)).toEqual([3, 4, 5]);
  await expect.poll(() => numbersOf(some)).toEqual([1, 3, 5]);
});

test("more than one page comes whole and in order", async () => {
  const { server, follow, owner } = await start();
  const after = await server.store.events.latest();
  const numbers = Array.from({ length: 1_700 }, (_, n) => n);
  await happen(server, owner, ...numbers);
  const follower = await follow(owner, `?after=${after}`);
  await expect.poll(() => follower.messages.length).toBe(1_700);
  expect(numbersOf(follower)).toEqual(numbers);
});

test("who asks for what is forgotten, or is yet to come, is told to read everything anew", async () => {
  const { server, follow, owner } = await start();
  await happen(server, owner, 1, 2);
  await server.store.observe((tx) => tx.events.trim(Number.MAX_SAFE_INTEGER, 1, 100));
  await happen(server, owner, 3);
  const old = await follow(owner, "?after=1");
  const alien = await follow(owner, "?after=99999");
  await expect.poll(() => old.messages.map(({ event }) => event)).toEqual(["reset", "node.up"]);
  await expect.poll(() => alien.messages.map(({ event }) => event)).toEqual(["reset"]);
  await happen(server, owner, 5);
  await expect.poll(() => alien.messages.map(({ event }) => event)).toEqual(["reset", "node.up"]);
});

test("a token that is revoked, and a right that is taken, end the stream", async () => {
  const { server, follow, owner, stranger } = await start();
  const [revoked, demoted, kept] = [await follow(owner), await follow(stranger), await follow(stranger)];
  kept.end();
  await server.store.observe(async ({ identity }) => {
    await identity.deleteToken(hashToken(owner.token));
    const token = await identity.tokenByHash(hashToken(stranger.token));
    const user = token && (await identity.user(token.userId));
    if (user) await identity.updateUser({ ...user, role: "custom", actions: [] });
  });
  await expect.poll(() => [revoked.isOver, demoted.isOver], { timeout: 10_000 }).toEqual([true, true]);
});

test("a project follows twenty times at most, and again once one has ended", async () => {
  const { follow, owner, stranger } = await start();
  const followers = await Promise.all(Array.from({ length: 20 }, () => follow(owner)));
  expect(followers.every(({ status }) => status === 200)).toBe(true);
  expect((await follow(owner)).status).toBe(400);
  expect((await follow(stranger)).status).toBe(200);
  followers[0]?.end();
  await expect.poll(async () => (await follow(owner)).status).toBe(200);
});

test("for who does not read little is kept, and nothing is lost", async () => {
  const { server, owner } = await start();
  const { projectId } = owner;
  const streams = new EventStreams(server.store, new LiveFigures(server.store, server.gateways, 20));
  const wish = { projectId, kinds: [], hasFigures: false, isStillAllowed: () => Promise.resolve(true) };
  const out = await streams.open({ ...wish, after: await server.store.events.latest() });
  onTestFinished(() => void out.destroy());
  const event: NewEvent = {
    projectId,
    kind: "node.up",
    resource: "node/1",
    data: { padding: "x".repeat(500) },
  };
  for (let n = 0; n < 4; n += 1)
    await server.store.observe((tx) =>
      tx.events.append(
        Array.from({ length: 500 }, () => event),
        1,
      ),
    );
  // A page, and what was before it.
  await expect.poll(() => out.readableLength).toBeGreaterThan(300_000);
  expect(out.readableLength).toBeLessThan(600_000);
  let count = 0;
  for await (const text of out as AsyncIterable<Buffer>) {
    count += text.toString().split("event: node.up").length - 1;
    if (count >= 2_000) break;
  }
  expect(count).toBe(2_000);
});

test("the list pages by the number of the last event, and says where to go on", async () => {
  const { server, owner, stranger } = await start();
  const after = await server.store.events.latest();
  await happen(server, owner, 1, 2, 3);
  await happen(server, stranger, 4);
  const first = await owner.call("GET", `/postern/v1/{p}/events?after=${after}&limit=2`);
  expect(first.body).toMatchObject({
    next_after: after + 2,
    has_more: true,
    events: [{ id: after + 1 }, {}],
  });
  const second = await owner.call("GET", `/postern/v1/{p}/events?after=${after + 2}&limit=2`);
  expect(second.body).toMatchObject({ next_after: after + 4, has_more: false, events: [{ data: { n: 3 } }] });
  const newest = await owner.call("GET", "/postern/v1/{p}/events?last=2");
  expect(newest.body).toMatchObject({
    next_after: after + 4,
    has_more: false,
    events: [{ data: { n: 2 } }, { data: { n: 3 } }],
  });
  const kinds = await owner.call("GET", `/postern/v1/{p}/events?after=${after}&kinds=node.down,cap.80`);
  expect(kinds.body["events"]).toMatchObject([{ data: { n: 2 } }]);
  await server.store.observe((tx) => tx.events.trim(Number.MAX_SAFE_INTEGER, 1, 100));
  expect((await owner.call("GET", "/postern/v1/{p}/events?after=1")).body).toMatchObject({
    events: [],
    reset: true,
  });
  expect((await owner.call("GET", "/postern/v1/{p}/events")).body).not.toHaveProperty("reset");
});

test.each([
  ["?kinds=node.down,nonsense", {}],
  ["?from=yesterday", {}],
  ["?after=-1", {}],
  ["?limit=1001", {}],
  ["", { accept: "text/event-stream", "last-event-id": "x" }],
])("a request with %s %j is refused", async (query, headers) => {
  const { owner } = await start();
  const answer = await owner.call("GET", `/postern/v1/{p}/events${query}`, undefined, headers);
  expect(refusal(answer)).toMatch(/^400 /);
});
