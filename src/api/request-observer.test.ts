import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { expect, onTestFinished, test, vi } from "vitest";
import { observeRequests } from "./request-observer.ts";

interface Ended {
  readonly operation: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}

async function start(addRoutes: (app: FastifyInstance) => void) {
  const app = Fastify({ logger: false });
  const ended: Ended[] = [];
  const seen = { open: 0, ended };
  observeRequests(app, {
    began: () => {
      seen.open += 1;
    },
    ended: (operation, status, durationMs) => {
      seen.open -= 1;
      ended.push({ operation, status, durationMs });
    },
  });
  addRoutes(app);
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { seen, port, url: `http://127.0.0.1:${port}` };
}

test("every answer is told of by its operation, also one that passes the framework, an error, and none", async () => {
  const { seen, url } = await start((app) => {
    app.get("/plain", { config: { operation: "Plain" } }, () => ({}));
    app.get("/broken", { config: { operation: "Broken" } }, () => Promise.reject(new Error("on purpose")));
    app.get("/kept", { config: { operation: "Kept" } }, (_request, reply) => {
      reply.hijack();
      reply.raw.end("{}");
      return reply;
    });
  });
  for (const path of ["/plain", "/kept", "/broken", "/nowhere"]) await (await fetch(url + path)).text();
  await vi.waitFor(() => expect(seen.ended).toHaveLength(4));
  expect(seen.ended.map(({ operation, status }) => [operation, status])).toEqual([
    ["Plain", 200],
    ["Kept", 200],
    ["Broken", 500],
    [undefined, 404],
  ]);
  expect(seen.open).toBe(0);
});

test("a client who goes away is told of as one, and leaves no request open", async () => {
  const arrived = Promise.withResolvers<void>();
  const { seen, port } = await start((app) => {
    app.get("/slow", { config: { operation: "Slow" } }, (_request, reply) => {
      arrived.resolve();
      return reply.hijack();
    });
  });
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  await arrived.promise;
  expect(seen.open).toBe(1);
  socket.destroy();
  await vi.waitFor(() => expect(seen.ended).toMatchObject([{ operation: "Slow", status: 0 }]));
  expect(seen.open).toBe(0);
});
