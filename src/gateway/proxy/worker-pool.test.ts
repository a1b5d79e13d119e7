import { expect, test } from "vitest";
import { until } from "./testing.ts";
import { WorkerPool } from "./worker-pool.ts";

const nothing = { remove: [], close: [], set: [], listen: [] };

function program(onMessage: string): URL {
  const code = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", (request) => { ${onMessage} });
    parentPort.postMessage({ kind: "ready" });`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

function events() {
  const deaths: string[] = [];
  return {
    deaths,
    nodeUnreachable: () => undefined,
    acceptFailed: () => undefined,
    ended: () => undefined,
    refused: () => undefined,
    died: (error: Error) => void deaths.push(error.message),
  };
}

const answering = `parentPort.postMessage({
  kind: "answer", sequence: request.sequence, result: { severedSessions: 1, failures: [] } })`;

test("a change is done when every worker has done it", async () => {
  const heard = events();
  const pool = await WorkerPool.start(program(answering), [{}, {}, {}], heard);
  const both = await Promise.all([pool.broadcast(nothing), pool.broadcast(nothing)]);
  expect(both.map((results) => results.length)).toEqual([3, 3]);
  await pool.close();
  await pool.close();
  expect([heard.deaths, pool.alive]).toEqual([[], false]);
  await expect(pool.broadcast(nothing)).rejects.toThrow("closed");
});

test.each([
  [`throw new Error("broken")`, "broken"],
  ["process.exit(3)", "exit code 3"],
])("a worker that ends by %s is reported once, and nobody waits for it", async (code, message) => {
  const heard = events();
  const pool = await WorkerPool.start(program(code), [{}, {}], heard);
  await expect(pool.broadcast(nothing)).rejects.toThrow(message);
  await until("the death is reported", () => heard.deaths.length > 0);
  await pool.close();
  expect(heard.deaths).toHaveLength(1);
});

test("a worker that cannot start fails the start", async () => {
  const broken = new URL(`data:text/javascript,throw new Error("no start")`);
  await expect(WorkerPool.start(broken, [{}], events())).rejects.toThrow("no start");
});
