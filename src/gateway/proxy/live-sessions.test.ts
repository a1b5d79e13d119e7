import { afterEach, expect, test } from "vitest";
import type { LiveSession, SessionOrder } from "../../domain/live-session.ts";
import { ProxyEngine } from "./engine.ts";
import { desiredEndpoint, figuresOf, liveClient, TestClient, TestNode, until } from "./testing.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(maxSession = 10) {
  const node = await TestNode.start();
  cleanups.push(() => node.stop());
  const log = { warn: () => undefined, error: () => undefined };
  // It sweeps every 250 ms.
  const engine = await ProxyEngine.start({ workers: 2, connectTimeoutMs: 1_000, log });
  cleanups.push(() => engine.close());
  const endpoint = desiredEndpoint({ clientPorts: [9200, 9300], nodes: [node], maxSession });
  await engine.apply([endpoint]);
  const listed = async (order: SessionOrder = "age") =>
    (await engine.sessions({ endpoints: [endpoint.id], limit: 9, order })).sessions;
  return { node, engine, endpoint, listed };
}

/** The session of a client. */
function keyOf({ socket }: TestClient, clientPort = 9200) {
  return { source: { host: "127.0.0.1", port: socket.localPort ?? 0 }, clientPort };
}

test("one session is ended at both ends, and no other; its place is free", async () => {
  const { node, engine, endpoint, listed } = await start(2);
  const [one, other] = [await liveClient(endpoint.address), await liveClient(endpoint.address, 9300)];
  const refused = new TestClient(endpoint.address);
  await until("the cap refuses", () => refused.wasReset);
  expect(await engine.end(endpoint.id, keyOf(one, 9300))).toBe(false);
  expect(await engine.end(desiredEndpoint({}).id, keyOf(one))).toBe(false);
  expect(await listed()).toHaveLength(2);

  expect(await engine.end(endpoint.id, keyOf(one))).toBe(true);
  await until("both ends are reset", () => one.wasReset && node.sockets[0]?.destroyed === true);
  expect(await engine.end(endpoint.id, keyOf(one))).toBe(false);
  expect((await listed()).map(({ clientPort }) => clientPort)).toEqual([9300]);
  expect(figuresOf(engine, endpoint.id).sessions).toBe(1);
  await other.ask("still here");
  await liveClient(endpoint.address);
});

test("sessions are listed in the order that is asked for", async () => {
  const { endpoint, listed } = await start();
  const clients: TestClient[] = [];
  for (const text of ["", "much more", "more"]) {
    const now = Date.now();
    const client = await liveClient(endpoint.address);
    if (text !== "") await client.ask(text);
    clients.push(client);
    // Each begins in a millisecond of its own.
    await until("the clock goes on", () => Date.now() > now);
  }
  const ports = clients.map(({ socket }) => socket.localPort);
  const order = async (by: SessionOrder) =>
    (await listed(by)).map(({ source }) => ports.indexOf(source.port)).join("");
  expect(await order("age")).toBe("210");
  expect(await order("bytes")).toBe("120");
  const bySource = [0, 1, 2].toSorted((one, two) => (ports[one] ?? 0) - (ports[two] ?? 0)).join("");
  expect(await order("source")).toBe(bySource);
});

function idleOf(sessions: readonly LiveSession[], { socket }: TestClient): number {
  return sessions.find(({ source }) => source.port === socket.localPort)?.idleMs ?? -1;
}

test("it tells for how long nobody has said a thing, and begins anew with every byte", async () => {
  const { endpoint, listed } = await start();
  const [silent, busy] = [await liveClient(endpoint.address), await liveClient(endpoint.address)];
  let [sessions, idle] = [await listed("idle"), 0];
  while (idle < 600 || idle <= idleOf(sessions, busy)) {
    await busy.ask("x");
    sessions = await listed("idle");
    idle = idleOf(sessions, silent);
  }
  expect(sessions[0]?.source.port).toBe(silent.socket.localPort);
  await silent.ask("again");
  expect(idleOf(await listed(), silent)).toBeLessThan(idle);
});
