import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { FlowRecord } from "../flow-record.ts";
import { ProxyEngine } from "./engine.ts";
import type { ProxyEngineOptions } from "./engine.ts";
import {
  desiredEndpoint,
  figuresOf,
  liveClient,
  someAddress,
  TestClient,
  TestNode,
  until,
} from "./testing.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startEngine(options: Partial<ProxyEngineOptions> = {}): Promise<ProxyEngine> {
  const log = { warn: () => undefined, error: () => undefined };
  const engine = await ProxyEngine.start({ workers: 2, log, ...options });
  cleanups.push(() => engine.close());
  return engine;
}

async function startNode(serve?: Parameters<typeof TestNode.start>[0]): Promise<TestNode> {
  const node = await TestNode.start(serve);
  cleanups.push(() => node.stop());
  return node;
}

/** Resolves when each client is either answered or reset. */
async function settle(
  clients: readonly TestClient[],
): Promise<{ answered: TestClient[]; reset: TestClient[] }> {
  for (const client of clients) client.socket.write("x");
  await until("every client is settled", () =>
    clients.every((one) => one.received !== "" || one.errorCode !== null),
  );
  return {
    answered: clients.filter((client) => client.errorCode === null),
    reset: clients.filter((client) => client.wasReset),
  };
}

test("carries bytes both ways on every port and counts them exactly", async () => {
  const node = await startNode((socket) =>
    socket.on("data", (chunk) => socket.write(Buffer.concat([chunk, chunk]))),
  );
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ clientPorts: [9200, 9300], nodes: [node] });
  expect(await engine.apply([endpoint])).toEqual({ severedSessions: 0, failures: [] });
  for (const port of endpoint.clientPorts) {
    const client = new TestClient(endpoint.address, port);
    client.socket.write("a".repeat(1_000));
    await until("the answer is complete", () => client.received.length === 2_000);
    client.socket.destroy();
  }
  node.sockets.forEach((socket) => socket.end());
  await until("the sessions ended", () => figuresOf(engine, endpoint.id).sessions === 0);
  expect(figuresOf(engine, endpoint.id)).toMatchObject({ newSessions: 2, bytesIn: 2_000, bytesOut: 4_000 });
});

test("a burst over two workers fills the session cap exactly, and frees it exactly", async () => {
  const node = await startNode();
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ maxSession: 500, nodes: [node] });
  await engine.apply([endpoint]);
  for (const round of [1, 2]) {
    const clients = Array.from({ length: 2_000 }, () => new TestClient(endpoint.address));
    const { answered, reset } = await settle(clients);
    expect([answered.length, reset.length]).toEqual([500, 1_500]);
    const figures = figuresOf(engine, endpoint.id);
    expect(figures).toMatchObject({ sessions: 500, newSessions: round * 500 });
    expect(figures.refusals.session_cap).toBe(round * 1_500);
    for (const client of clients) client.socket.end();
    await until("all sessions ended", () => figuresOf(engine, endpoint.id).sessions === 0);
  }
});

test("a cap lowered below the live count cuts nobody and lets nobody in", async () => {
  const node = await startNode();
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ maxSession: 3, nodes: [node] });
  await engine.apply([endpoint]);
  const clients = await Promise.all([1, 2, 3].map(() => liveClient(endpoint.address)));
  expect(await engine.apply([{ ...endpoint, maxSession: 2 }])).toEqual({ severedSessions: 0, failures: [] });
  for (const client of clients) await client.ask("still here");
  expect((await settle([new TestClient(endpoint.address)])).reset).toHaveLength(1);
  clients.slice(0, 2).forEach((client) => client.socket.end());
  await until("two have left", () => figuresOf(engine, endpoint.id).sessions === 1);
  await liveClient(endpoint.address);
});

test("a refused endpoint resets new connections and counts the reason", async () => {
  const node = await startNode();
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ nodes: [node], refusal: "not_whitelisted" });
  await engine.apply([endpoint]);
  expect(
    (await settle([new TestClient(endpoint.address), new TestClient(endpoint.address)])).reset,
  ).toHaveLength(2);
  expect(figuresOf(engine, endpoint.id)).toMatchObject({ sessions: 0, newSessions: 0 });
  expect(figuresOf(engine, endpoint.id).refusals.not_whitelisted).toBe(2);
  await engine.apply([{ ...endpoint, refusal: null }]);
  await liveClient(endpoint.address);
});

test("an endpoint without nodes resets and says no_healthy_node; live sessions stay", async () => {
  const node = await startNode();
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ nodes: [node] });
  await engine.apply([endpoint]);
  const client = await liveClient(endpoint.address);
  expect((await engine.apply([{ ...endpoint, nodes: [] }])).severedSessions).toBe(0);
  expect((await settle([new TestClient(endpoint.address)])).reset).toHaveLength(1);
  expect(figuresOf(engine, endpoint.id).refusals.no_healthy_node).toBe(1);
  await client.ask("still here");
});

test("what is refused is handed out once, by reason and source, at the listener and behind it", async () => {
  const node = await startNode();
  const nobody = { host: node.host, port: node.port };
  node.stop();
  const engine = await startEngine();
  const [gated, dead, gone] = [
    desiredEndpoint({ refusal: "service_closed" }),
    desiredEndpoint({ nodes: [nobody] }),
    desiredEndpoint({ refusal: "not_accepted" }),
  ];
  await engine.apply([gated, dead, gone]);
  const before = Date.now();
  const clients = ["127.0.0.1", "127.0.0.1", "127.9.0.7"].map(
    (source) => new TestClient(gated.address, 9200, source),
  );
  await settle([...clients, new TestClient(dead.address, 9200, "127.9.0.7"), new TestClient(gone.address)]);
  // The answer to a change comes after what was refused before it.
  await engine.apply([gated, dead]);
  const told = engine.takeRefusals(100);
  const named = told.map(({ endpointId, reason, source, count }) =>
    [endpointId, reason, source, count].join(" "),
  );
  expect(named.toSorted()).toEqual(
    [
      `${gated.id} service_closed 127.0.0.1 2`,
      `${gated.id} service_closed 127.9.0.7 1`,
      `${dead.id} no_healthy_node 127.9.0.7 1`,
      `${gone.id} not_accepted 127.0.0.1 1`,
    ].toSorted(),
  );
  const times = told.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt]);
  expect([Math.min(...times) >= before, Math.max(...times) <= Date.now()]).toEqual([true, true]);
  expect(engine.takeRefusals(100)).toEqual([]);
});

test.each(["refused", "removed", "moved to another port"])(
  "once apply resolved, not one byte of an endpoint that was %s passes, and neighbours notice nothing",
  async (how) => {
    let heard = 0;
    let heardAfter = false;
    const node = await startNode((socket) => {
      socket.on("data", (chunk) => {
        heard += chunk.length;
        heardAfter ||= chunk.includes("after");
      });
      socket.write("welcome");
    });
    const neighbourNode = await startNode();
    const engine = await startEngine();
    const endpoint = desiredEndpoint({ nodes: [node] });
    const neighbour = desiredEndpoint({ nodes: [neighbourNode] });
    await engine.apply([endpoint, neighbour]);
    const clients = Array.from({ length: 40 }, () => new TestClient(endpoint.address));
    const untouched = await Promise.all([1, 2, 3, 4].map(() => liveClient(neighbour.address)));
    await until("all are connected", () => clients.every((client) => client.received === "welcome"));
    const writing = setInterval(() => clients.forEach((client) => client.socket.write("y".repeat(50_000))));
    cleanups.push(() => clearInterval(writing));
    await until("bytes flow", () => heard > 10_000_000);

    const changed = {
      refused: [{ ...endpoint, refusal: "not_accepted" as const }],
      removed: [],
      "moved to another port": [{ ...endpoint, clientPorts: [9201] }],
    }[how];
    const report = await engine.apply([...(changed ?? []), neighbour]);
    expect(report).toEqual({ severedSessions: 40, failures: [] });
    const counted = engine.figures().find(({ endpointId }) => endpointId === endpoint.id)?.severed;
    expect(counted).toBe(how === "removed" ? undefined : 40);

    clearInterval(writing);
    for (const client of clients) client.socket.write("after");
    node.sockets.forEach((socket) => socket.write("after"));
    await until("both ends are dead", () =>
      [...clients.map((client) => client.socket), ...node.sockets].every((socket) => socket.destroyed),
    );
    expect(heardAfter).toBe(false);
    expect(clients.every((client) => client.wasReset && client.received === "welcome")).toBe(true);
    for (const client of untouched) await client.ask("still here");
    expect(figuresOf(engine, neighbour.id)).toMatchObject({ sessions: 4, newSessions: 4 });
  },
);

test("the same list twice changes nothing, and a changed node list leaves live sessions where they are", async () => {
  const [first, second] = [await startNode(), await startNode()];
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ nodes: [first] });
  await engine.apply([endpoint]);
  const client = await liveClient(endpoint.address);
  expect(await engine.apply([{ ...endpoint, nodes: [{ host: first.host, port: first.port }] }])).toEqual({
    severedSessions: 0,
    failures: [],
  });
  await engine.apply([{ ...endpoint, nodes: [second] }]);
  await client.ask("still here");
  await liveClient(endpoint.address);
  expect([first.sockets.length, second.sockets.length]).toEqual([1, 1]);
  expect(figuresOf(engine, endpoint.id)).toMatchObject({ sessions: 2, newSessions: 2 });
});

test("sessions are spread evenly over the nodes", async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => startNode()));
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ nodes });
  await engine.apply([endpoint]);
  for (let session = 0; session < 60; session++) await liveClient(endpoint.address);
  // Each of the two workers goes round on its own and may be one session off at each node.
  for (const node of nodes) expect(Math.abs(node.sockets.length - 20)).toBeLessThanOrEqual(2);
});

test("a node that does not accept is passed over, and reported", async () => {
  const [dead, alive] = [await startNode(), await startNode()];
  const deadNode = { host: dead.host, port: dead.port };
  dead.stop();
  const reported: unknown[] = [];
  const engine = await startEngine({ onNodeUnreachable: (node) => reported.push(node) });
  const endpoint = desiredEndpoint({ nodes: [deadNode, alive] });
  await engine.apply([endpoint]);
  for (let session = 0; session < 8; session++) await liveClient(endpoint.address);
  expect(alive.sockets).toHaveLength(8);
  expect(reported).toContainEqual(deadNode);
  await engine.apply([{ ...endpoint, nodes: [deadNode] }]);
  expect((await settle([new TestClient(endpoint.address)])).reset).toHaveLength(1);
  const figures = figuresOf(engine, endpoint.id);
  expect([figures.sessions, figures.refusals.no_healthy_node]).toEqual([8, 1]);
});

test("an address that another process or another engine holds fails alone, and comes up when it is free", async () => {
  const node = await startNode();
  const taken = desiredEndpoint({ nodes: [node] });
  const shared = desiredEndpoint({ nodes: [node] });
  const fine = desiredEndpoint({ nodes: [node] });
  const holder = createServer().listen({ host: taken.address, port: 9200 });
  await once(holder, "listening");
  const other = await startEngine();
  await other.apply([shared]);
  const engine = await startEngine();
  const first = await engine.apply([taken, shared, fine]);
  expect(first.failures.map(({ endpointId, code }) => [endpointId, code])).toEqual([
    [taken.id, "port_taken"],
    [shared.id, "port_taken"],
  ]);
  expect(first.failures[0]?.message).toContain(`${taken.address} port 9200`);
  await liveClient(fine.address);
  holder.close();
  await other.close();
  expect((await engine.apply([taken, shared, fine])).failures).toEqual([]);
  await liveClient(taken.address);
  await liveClient(shared.address);
});

test("an address that the machine does not have is reported as such", async () => {
  const engine = await startEngine();
  const nowhere = desiredEndpoint({ address: "198.51.100.7" });
  const nonsense = desiredEndpoint({ address: "not-an-address.invalid" });
  const { failures } = await engine.apply([nowhere, nonsense]);
  expect(failures.map(({ code }) => code)).toEqual(["address_unavailable", "internal"]);
  expect(figuresOf(engine, nowhere.id)).toMatchObject({ sessions: 0, newSessions: 0, bytesIn: 0 });
});

test("an address changes hands within one apply", async () => {
  const [before, after] = [await startNode(), await startNode()];
  const engine = await startEngine();
  const address = someAddress();
  await engine.apply([desiredEndpoint({ address, nodes: [before] })]);
  const client = await liveClient(address);
  const successor = desiredEndpoint({ address, nodes: [after] });
  expect(await engine.apply([successor])).toEqual({ severedSessions: 1, failures: [] });
  await until("the old session is dead", () => client.wasReset);
  await liveClient(address);
  expect(after.sockets).toHaveLength(1);
  expect(figuresOf(engine, successor.id)).toMatchObject({ sessions: 1, newSessions: 1, bytesIn: 5 });
});

test("lists the newest sessions of an endpoint, or of all, with what they have carried", async () => {
  const node = await startNode((socket) => {
    socket.on("data", (chunk) => socket.write(Buffer.concat([chunk, chunk])));
    socket.on("end", () => undefined);
  });
  const engine = await startEngine();
  const [one, other] = [desiredEndpoint({ nodes: [node] }), desiredEndpoint({ nodes: [node] })];
  await engine.apply([one, other]);
  const before = Date.now();
  const clients: TestClient[] = [];
  for (const { address } of [one, one, one, other]) {
    const client = new TestClient(address);
    clients.push(client);
    client.socket.write("hello");
    await until("it is answered", () => client.received.length === 10);
    // Each begins in a millisecond of its own.
    const now = Date.now();
    await until("the clock goes on", () => Date.now() > now);
  }
  const ports = clients.map(({ socket }) => socket.localPort);
  const all = await engine.sessions({ limit: 3 });
  expect([all.total, all.sessions.map(({ source }) => source.port)]).toEqual([
    4,
    ports.toReversed().slice(0, 3),
  ]);
  expect(all.sessions[0]).toEqual({
    endpointId: other.id,
    source: { host: "127.0.0.1", port: ports[3] },
    clientPort: 9200,
    node: { host: node.host, port: node.port },
    startedAt: expect.any(Number) as number,
    idleMs: expect.any(Number) as number,
    bytesIn: 5,
    bytesOut: 10,
    state: "established",
  });
  expect(all.sessions.at(-1)?.startedAt).toBeGreaterThanOrEqual(before - 1);
  expect(all.sessions[0]?.startedAt).toBeLessThanOrEqual(Date.now() + 1);
  clients[1]?.socket.end();
  const states = async () =>
    (await engine.sessions({ endpoints: [one.id], limit: 9 })).sessions.map(({ state }) => state);
  for (let text = ""; text !== "established,closing,established";) text = (await states()).join();
  const stranger = desiredEndpoint({});
  expect(await engine.sessions({ endpoints: [stranger.id], limit: 9 })).toEqual({ total: 0, sessions: [] });
});

test("a session that ended is recorded with why, and with what it carried", async () => {
  const node = await startNode((socket) => socket.pipe(socket));
  const gone = await TestNode.start();
  const { port } = gone;
  gone.stop();
  const records: FlowRecord[] = [];
  const sink = { record: (record: FlowRecord) => void records.push(record), overrun: () => undefined };
  const engine = await startEngine({ records: sink });
  const [one, other] = [desiredEndpoint({ nodes: [node] }), desiredEndpoint({ nodes: [node] })];
  const dead = desiredEndpoint({ nodes: [{ host: node.host, port }] });
  await engine.apply([one, other, dead]);
  const recorded = async (count: number) => until(`${count} are recorded`, () => records.length === count);

  const before = Date.now();
  const closed = await liveClient(one.address);
  const closedPort = closed.socket.localPort;
  closed.socket.end("bye");
  await recorded(1);
  expect(records[0]).toEqual({
    endpointId: one.id,
    source: { host: "127.0.0.1", port: closedPort },
    node: { host: node.host, port: node.port },
    startedAt: expect.any(Number) as number,
    endedAt: expect.any(Number) as number,
    bytesIn: 8,
    bytesOut: 8,
    reason: "closed",
  });
  const { startedAt = 0, endedAt } = records[0] ?? { endedAt: 0 };
  expect([before - 1 <= startedAt, startedAt <= endedAt, endedAt <= Date.now() + 1]).toEqual([
    true,
    true,
    true,
  ]);
  (await liveClient(one.address)).socket.resetAndDestroy();
  await recorded(2);
  await liveClient(one.address);
  node.sockets.at(-1)?.resetAndDestroy();
  await recorded(3);
  const refused = new TestClient(dead.address);
  await until("it is refused", () => refused.wasReset);
  await recorded(4);
  await liveClient(one.address);
  await liveClient(other.address);
  // The slot of the one goes to the next.
  await engine.apply([{ ...other, refusal: "not_accepted" }, desiredEndpoint({ nodes: [node] })]);
  await recorded(6);
  expect(records.map(({ reason }) => reason)).toEqual([
    "closed",
    "reset",
    "reset",
    "unanswered",
    "severed",
    "severed",
  ]);
  expect(new Set(records.slice(4).map(({ endpointId }) => endpointId))).toEqual(new Set([one.id, other.id]));
  expect(records[3]).not.toHaveProperty("node");
});

test("a session that is idle for too long is recorded so", async () => {
  const node = await startNode();
  const records: FlowRecord[] = [];
  const sink = { record: (record: FlowRecord) => void records.push(record), overrun: () => undefined };
  const engine = await startEngine({ records: sink, idleTimeoutMs: 100 });
  const endpoint = desiredEndpoint({ nodes: [node] });
  await engine.apply([endpoint]);
  await liveClient(endpoint.address);
  await until("it is recorded", () => records.length === 1);
  expect(records[0]).toMatchObject({ endpointId: endpoint.id, reason: "idle_timeout", bytesIn: 5 });
});

test("close cuts every session, frees every address, and may be called twice", async () => {
  const node = await startNode();
  const engine = await startEngine();
  const endpoint = desiredEndpoint({ nodes: [node] });
  await engine.apply([endpoint]);
  const client = await liveClient(endpoint.address);
  await Promise.all([engine.close(), engine.close()]);
  await until("the session is dead", () => client.wasReset);
  const holder = createServer().listen({ host: endpoint.address, port: 9200 });
  await once(holder, "listening");
  holder.close();
  await expect(engine.apply([endpoint])).rejects.toThrow("closed");
});
