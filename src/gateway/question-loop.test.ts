import { expect, onTestFinished, test, vi } from "vitest";
import type { GatewayQuestion } from "../domain/gateway-question.ts";
import { endpointId } from "../domain/test-fixtures.ts";
import { answerQuestion } from "./answer-question.ts";
import { FakeEngine } from "./fake-engine.ts";
import { FakeQuestions } from "./fake-questions.ts";
import { QuestionLoop, type QuestionLoopParts } from "./question-loop.ts";
import { ServerClient } from "./server-client.ts";

const everything: GatewayQuestion = { kind: "sessions", limit: 9 };

async function start(wish: Partial<QuestionLoopParts> = {}) {
  const server = await FakeQuestions.start();
  const engine = new FakeEngine();
  const nodes = [{ host: "127.0.0.1", port: 1 }];
  const rest = { address: "127.0.0.9", clientPorts: [9200], maxSession: 9, refusal: null, nodes };
  await engine.apply([{ id: endpointId, ...rest }], []);
  const loop = new QuestionLoop({
    client: new ServerClient(server.credentials),
    answer: (question) => answerQuestion(engine, question),
    log: { debug: () => undefined },
    ...wish,
  });
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  onTestFinished(end);
  return {
    server,
    engine,
    end,
    run: (): void => {
      running = loop.run(stop.signal);
    },
  };
}

/** Waits for an answer, up to a deadline that no working gateway needs. */
function answered(server: FakeQuestions, id: string): Promise<unknown> {
  return vi.waitFor(
    () => {
      expect(server.answers.has(id)).toBe(true);
      return server.answers.get(id);
    },
    { timeout: 10_000, interval: 5 },
  );
}

test("it answers what it is asked: which sessions live, and that one is ended", async () => {
  const { server, engine, run } = await start();
  run();
  engine.connect(endpointId);
  server.ask("a", everything);
  const [session] = (await engine.sessions({ limit: 1 })).sessions;
  expect(await answered(server, "a")).toEqual({ answer: { total: 1, sessions: [session] } });
  if (!session) throw new Error("There is a session.");
  const { source, clientPort } = session;
  const end = { kind: "end_session", endpoint: endpointId, session: { source, clientPort } } as const;
  server.ask("b", end);
  expect(await answered(server, "b")).toEqual({ answer: { ended: true } });
  server.ask("c", end);
  expect(await answered(server, "c")).toEqual({ answer: { ended: false } });
});

test("what it cannot answer it says, and goes on", async () => {
  const { server, run } = await start();
  run();
  server.ask("a", { kind: "weather" } as unknown as GatewayQuestion);
  expect(await answered(server, "a")).toEqual({ failure: expect.stringContaining("earlier version") });
  server.ask("b", everything);
  expect(await answered(server, "b")).toEqual({ answer: { total: 0, sessions: [] } });
});

test("a slow answer keeps no other waiting, but for the fifth", async () => {
  const slow = Promise.withResolvers<object>();
  let asked = 0;
  const { server, run } = await start({
    answer: ({ kind }) => {
      asked += 1;
      return kind === "sessions" ? slow.promise : Promise.resolve({ ended: true });
    },
  });
  run();
  const session = { source: { host: "10.0.0.1", port: 1 }, clientPort: 1 };
  for (const id of ["1", "2", "3"]) server.ask(id, everything);
  server.ask("quick", { kind: "end_session", endpoint: endpointId, session });
  await answered(server, "quick");
  server.ask("4", everything);
  server.ask("5", everything);
  await vi.waitFor(() => expect(asked).toBe(5));
  slow.resolve({ total: 0, sessions: [] });
  await answered(server, "5");
});

test("after faults of the server it asks again", async () => {
  const { server, run } = await start();
  server.faults = 2;
  run();
  server.ask("a", everything);
  await answered(server, "a");
  expect(server.polls).toBeGreaterThanOrEqual(3);
});

test("a server that never asks is left in peace, until it is another one", async () => {
  const { server, run } = await start({ olderServerMs: 300 });
  server.asks = false;
  const startedAt = performance.now();
  run();
  await vi.waitFor(() => expect(server.polls).toBe(1));
  server.asks = true;
  server.ask("a", everything);
  await answered(server, "a");
  // Timers fire up to a millisecond early, never more.
  expect(performance.now() - startedAt).toBeGreaterThan(290);
});

test("it ends while it waits, and while an answer is being worked out", async () => {
  const slow = Promise.withResolvers<object>();
  const { server, run, end } = await start({ answer: () => slow.promise });
  run();
  server.ask("a", everything);
  await vi.waitFor(() => expect(server.polls).toBe(2));
  slow.resolve({});
  await end();
});
