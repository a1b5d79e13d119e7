import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { postJson } from "./post-json.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(answer);
  onTestFinished(() => server.closeAllConnections());
  return listen(server);
}

function post(url: string, timeoutMs = 5_000, body = "{}"): Promise<number> {
  return postJson({ url: new URL(url), address: "127.0.0.1" }, { "x-mine": "1" }, body, timeoutMs);
}

test("the address that was checked is connected to, whatever the name means; the receiver is told the name", async () => {
  const seen: unknown[] = [];
  const port = await serve((request, response) => {
    const { host, "content-type": type, "x-mine": mine } = request.headers;
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      seen.push(request.method, request.url, host, type, mine, text);
      response.writeHead(202).end("fine");
    });
  });
  expect(await post(`http://hooks.invalid:${port}/a?b=c`, 5_000, '{"ü":1}')).toBe(202);
  expect(seen).toEqual(["POST", "/a?b=c", `hooks.invalid:${port}`, "application/json", "1", '{"ü":1}']);
});

test("no redirect is followed", async () => {
  let calls = 0;
  const port = await serve((_request, response) => {
    calls += 1;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  expect(await post(`http://hooks.invalid:${port}/`)).toBe(302);
  expect(calls).toBe(1);
});

test("an endless answer is cut", async () => {
  const port = await serve((_request, response) => {
    const write = (): void => void (response.destroyed || response.write("x".repeat(16_384), () => write()));
    write();
  });
  expect(await post(`http://hooks.invalid:${port}/`)).toBe(200);
});

test("who never answers, and who is not there, is said so", async () => {
  const silent = await listen(createTcpServer());
  await expect(post(`http://hooks.invalid:${silent}/`, 100)).rejects.toThrow("timeout after 100 ms");
  const server = createTcpServer();
  const gone = await listen(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await expect(post(`http://hooks.invalid:${gone}/`)).rejects.toThrow("ECONNREFUSED");
});
