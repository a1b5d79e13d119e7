import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AwayNode, DesiredEndpoint, SessionsFate } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import { uuid } from "../../domain/test-fixtures.ts";
import { ProxyEngine } from "./engine.ts";
import { desiredEndpoint, liveClient, TestNode, until } from "./testing.ts";
import type { TestClient } from "./testing.ts";

const [firstId, secondId] = [uuid(1) as NodeId, uuid(2) as NodeId];
const log = { warn: () => undefined, error: () => undefined };

let engine: ProxyEngine;
let first: TestNode;
let second: TestNode;
let both: DesiredEndpoint;
beforeEach(async () => {
  engine = await ProxyEngine.start({ workers: 2, log });
  [first, second] = [await TestNode.start(), await TestNode.start()];
  both = desiredEndpoint({ nodes: [named(first, firstId), named(second, secondId)] });
});
afterEach(async () => {
  await engine.close();
  first.stop();
  second.stop();
});

function named({ host, port }: TestNode, id: NodeId): { host: string; port: number; id: NodeId } {
  return { host, port, id };
}

function draining(sessions: SessionsFate): DesiredEndpoint {
  const away: AwayNode = { ...named(first, firstId), sessions };
  return { ...both, nodes: [named(second, secondId)], away: [away] };
}

/** Clients of which some have a session on each node. */
async function clientsOnBoth(): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  while (first.sockets.length < 2 || second.sockets.length < 2) clients.push(await liveClient(both.address));
  return clients;
}

async function counted(): Promise<Record<string, number>> {
  const figures = await engine.figuresByNode();
  return Object.fromEntries([...figures].map(([id, { sessions }]) => [id, sessions]));
}

test("a draining node gets no new session, its live ones go on, and they are counted", async () => {
  await engine.apply([both]);
  const clients = await clientsOnBoth();
  const before = { [firstId]: first.sockets.length, [secondId]: second.sockets.length };
  expect(await counted()).toEqual(before);
  expect((await engine.apply([draining("stay")])).severedSessions).toBe(0);
  for (let count = 0; count < 8; count += 1) clients.push(await liveClient(both.address));
  expect(await counted()).toEqual({ ...before, [secondId]: second.sockets.length });
  expect(first.sockets.length).toBe(before[firstId]);
  for (const client of clients) await client.ask("still there");
});

test("what each node has carried is counted, also by sessions that are over, and nothing of one that nobody came to", async () => {
  const third = { host: "127.0.0.1", port: 9, id: uuid(3) as NodeId };
  await engine.apply([both]);
  const clients = await clientsOnBoth();
  const { length } = first.sockets;
  await engine.apply([{ ...draining("cut"), nodes: [named(second, secondId), third] }]);
  await until("the clients see it", () => clients.filter(({ wasReset }) => wasReset).length === length);
  for (const client of clients.filter(({ wasReset }) => !wasReset)) await client.ask("again");
  const figures = await engine.figuresByNode();
  const hello = "hello".length * length;
  expect(figures.get(firstId)).toEqual({
    sessions: 0,
    traffic: { newSessions: length, bytesIn: hello, bytesOut: hello },
  });
  expect(figures.get(third.id)?.traffic).toEqual({ newSessions: 0, bytesIn: 0, bytesOut: 0 });
  const { traffic } = figures.get(secondId) ?? {};
  const spoken = ("hello".length + "again".length) * second.sockets.length;
  expect(traffic).toEqual({ newSessions: second.sockets.length, bytesIn: spoken, bytesOut: spoken });
});

test("at its time every session on it is reset, and no other", async () => {
  await engine.apply([both]);
  const clients = await clientsOnBoth();
  const { length } = first.sockets;
  expect((await engine.apply([draining("cut")])).severedSessions).toBe(length);
  expect(await counted()).toEqual({ [firstId]: 0, [secondId]: second.sockets.length });
  await until("the clients see it", () => clients.filter(({ wasReset }) => wasReset).length === length);
  for (const client of clients.filter(({ wasReset }) => !wasReset)) await client.ask("still there");
});

test("before, sessions at rest are closed without a reset; one that awaits an answer stays until it has it", async () => {
  const asked: Socket[] = [];
  const slow = await TestNode.start((socket) => {
    socket.on("data", (chunk: Buffer) => {
      if (chunk.toString() === "hello") socket.write(chunk);
      else asked.push(socket);
    });
  });
  const away: AwayNode = { ...named(slow, firstId), sessions: "close" };
  await engine.apply([{ ...both, nodes: [named(slow, firstId)] }]);
  const [resting, waiting] = [await liveClient(both.address), await liveClient(both.address)];
  waiting.socket.write("a long search");
  await until("the node has it", () => asked.length === 1);
  const neighbour = await TestNode.start();
  await engine.apply([{ ...both, nodes: [named(neighbour, secondId)], away: [away] }]);
  const busy = await liveClient(both.address);
  await until("the one at rest has ended", () => resting.ended);
  expect([resting.errorCode, waiting.ended, waiting.errorCode, busy.ended]).toEqual([
    null,
    false,
    null,
    false,
  ]);
  asked[0]?.write(" found");
  await until("the answer came, and the end after it", () => waiting.ended);
  expect([waiting.received, waiting.errorCode]).toEqual(["hello found", null]);
  await busy.ask("still there");
  slow.stop();
  neighbour.stop();
});

test("a smaller weight is a smaller share", async () => {
  await engine.apply([
    { ...both, nodes: [{ ...named(first, firstId), weight: 1 }, named(second, secondId)] },
  ]);
  for (let count = 0; count < 50; count += 1) await liveClient(both.address);
  // Each worker has rounds of its own: of five, one goes to the first node.
  expect(first.sockets.length).toBeGreaterThanOrEqual(8);
  expect(first.sockets.length).toBeLessThanOrEqual(12);
});
