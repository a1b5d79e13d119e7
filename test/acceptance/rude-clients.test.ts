import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Heap, inspectable, openFiles } from "../support/fuzz/server-process.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";

let postern: Postern;
let server: number;
let filesAtStart: number;
let heap: Heap;
const sockets: Socket[] = [];

beforeAll(async () => {
  postern = await startPostern({ env: inspectable });
  ({ server } = await postern.pids());
  heap = await Heap.open(server, () => postern.output());
  filesAtStart = await openFiles(server);
});
afterAll(async () => {
  heap.close();
  await postern.stop();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // The gateway keeps one connection or two.
  await eventually(async () => (await openFiles(server)) <= filesAtStart + 2, {
    what: "the sockets to close",
  });
});

async function open(count: number, text = ""): Promise<Socket[]> {
  const { hostname, port } = new URL(postern.endpoint);
  const opened = Array.from({ length: count }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", () => undefined);
    return socket;
  });
  sockets.push(...opened);
  await Promise.all(opened.map((socket) => once(socket, "connect")));
  for (const socket of opened) if (text !== "") socket.write(text);
  return opened;
}

/** The statuses that somebody else gets for a read and a write, ten times in a row, while the rude ones are there. */
async function othersGet(): Promise<number[]> {
  const statuses: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    statuses.push((await postern.api("GET", "/postern/v1/{pid}/status")).status);
    statuses.push((await postern.api("POST", "/postern/v1/{pid}/vpcs", {})).status);
  }
  return statuses;
}
/** What the write says lacks its name. */
const asEver = Array.from({ length: 10 }, () => [200, 400]).flat();

const post = (): string =>
  `POST /postern/v1/${postern.admin.project_id}/vpcs HTTP/1.1\r\nHost: x\r\n` +
  `X-Auth-Token: ${postern.admin.token}\r\nContent-Type: application/json\r\n`;

test.each([
  ["say nothing", () => ""],
  ["stop in the middle of a header", () => "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a"],
  ["announce a body and send half of it", () => `${post()}Content-Length: 100\r\n\r\n{"name":`],
  ["stop in the middle of a chunk", () => `${post()}Transfer-Encoding: chunked\r\n\r\nff\r\n{"name":`],
  ["wait to be told to go on", () => `${post()}Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n`],
  ["say nothing more after an answer", () => "GET /v3 HTTP/1.1\r\nHost: x\r\n\r\n"],
])("500 clients that %s keep nobody waiting", async (_what, text) => {
  await open(500, text());
  expect(await othersGet()).toEqual(asEver);
});

test("a client that sends one byte at a time gets its answer, and others theirs meanwhile", async () => {
  const [socket] = await open(1);
  if (!socket) throw new Error("There is no connection");
  const answer = once(socket, "data");
  for (const line of ["GET /v3 HTTP/1.1\r\n", "Host: x\r\n", "Connection: close\r\n", "\r\n"]) {
    for (const byte of line) socket.write(byte);
    expect(await othersGet()).toEqual(asEver);
  }
  expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 300 /);
});

test("requests sent ahead are answered in their order", async () => {
  const count = 200;
  const { hostname, port } = new URL(postern.endpoint);
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.push(socket);
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => (heard += text));
  const request = (name: string, last = ""): string =>
    `GET /postern/v1/${postern.admin.project_id}/${name} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${postern.admin.token}\r\n${last}\r\n`;
  const pair = request("status") + request("nothing");
  socket.write(pair.repeat(count / 2) + request("vpcs", "Connection: close\r\n"));
  await once(socket, "close");
  const statuses = [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses).toEqual([
    ...Array.from({ length: count }, (_, at) => (at % 2 === 0 ? "200" : "404")),
    "200",
  ]);
});

test("clients that ask and never read cost little, and keep nobody waiting", async () => {
  const before = await heap.usedBytes();
  const greedy = await open(20);
  const ask = `GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(500);
  for (const socket of greedy) socket.pause().write(ask);
  expect(await othersGet()).toEqual(asEver);
  expect((await heap.usedBytes()) - before).toBeLessThan(64 * 1024 * 1024);
});

test("clients that go away in the middle of everything leave nothing behind", async () => {
  const texts = [
    "GET / HTTP/1.1\r\n",
    `${post()}Content-Length: 9\r\n\r\n{`,
    "GET /v3 HTTP/1.1\r\nHost: x\r\n\r\n",
  ];
  for (let round = 0; round < 10; round += 1) {
    const opened = await open(60, texts[round % texts.length]);
    for (const socket of opened) socket.resetAndDestroy();
  }
  expect(await othersGet()).toEqual(asEver);
  await eventually(async () => (await openFiles(server)) <= filesAtStart + 2, {
    what: "the sockets to close",
  });
  expect(postern.output()).not.toMatch(/request failed|\bat \S+:\d+:\d+/);
});
