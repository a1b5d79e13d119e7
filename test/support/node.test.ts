import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { startNode } from "./node.ts";
import type { SearchNode } from "./node.ts";

let node: SearchNode;
beforeEach(async () => {
  node = await startNode({ name: "n1", version: "2.19.0" });
});
afterEach(() => node.stop());

test("answers like a search engine and records what clients send", async () => {
  expect(await (await fetch(node.url)).text()).toContain('"distribution":"opensearch"');
  await fetch(`${node.url}/logs/_search?size=1`, {
    method: "POST",
    body: '{"a":1}',
    headers: { "X-Test": "yes" },
  });
  expect(node.clientRequests()).toMatchObject([
    { method: "POST", url: "/logs/_search?size=1", body: '{"a":1}', headers: { "x-test": "yes" } },
  ]);
  expect(node.received).toHaveLength(2);
});

test("fails in the ways it is told to", async () => {
  node.behave({ status: 503 });
  expect((await fetch(node.url)).status).toBe(503);
  node.behave({ status: 200, credentials: { username: "u", password: "p" } });
  expect((await fetch(node.url)).status).toBe(401);
  const authorization = `Basic ${Buffer.from("u:p").toString("base64")}`;
  expect((await fetch(node.url, { headers: { authorization } })).status).toBe(200);
  node.behave({ credentials: undefined, fault: "reset" });
  await expect(fetch(node.url)).rejects.toThrow("fetch failed");
});

test("echoes raw bytes and half-closes after the client", async () => {
  const socket = connect({ port: node.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setEncoding("utf8");
  let received = "";
  socket.on("data", (text: string) => (received += text));
  socket.write("GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
  await eventually(() => received.includes("\r\n\r\n"));
  socket.end("last words");
  await once(socket, "end");
  expect(received.split("\r\n\r\n")[1]).toBe("last words");
  expect(node.raw.bytes).toBe(10);
});

test("streams without end until its connection is dropped", async () => {
  const answer = await fetch(`${node.url}/_stream`);
  const end = answer.text();
  expect(node.openConnections).toBeGreaterThan(0);
  node.dropConnections();
  await expect(end).rejects.toThrow("terminated");
});
