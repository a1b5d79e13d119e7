import { expect, test } from "vitest";
import type { GatewayAnswer, GatewayQuestion } from "../../domain/gateway-question.ts";
import type { GatewayId } from "../../domain/ids.ts";
import type { Store } from "../../domain/store.ts";
import { endpointId, gatewayId } from "../../domain/test-fixtures.ts";
import { hashToken } from "../../lib/secrets.ts";
import { refusal, startTestServer, type Json, type TestServer } from "../test-server.ts";
import { questionRoutes, type QuestionCounter } from "./question-routes.ts";

const token = "postern_gateway";
const base = `/postern/v1/gateways/${gatewayId}`;
const list: GatewayQuestion = { kind: "sessions", limit: 5 };

/** The desk as the routes see it: one question, and the answers that it took. */
class Desk implements QuestionCounter {
  readonly polls: (readonly [GatewayId, number])[] = [];
  readonly answers: GatewayAnswer[] = [];
  question: GatewayQuestion | undefined = list;

  next(gateway: GatewayId, waitMs: number) {
    this.polls.push([gateway, waitMs]);
    return Promise.resolve(this.question && { id: "q1", question: this.question });
  }

  asked(gateway: GatewayId, id: string): GatewayQuestion | undefined {
    return gateway === gatewayId && id === "q1" ? this.question : undefined;
  }

  answer(_gateway: GatewayId, _id: string, answer: GatewayAnswer): boolean {
    this.answers.push(answer);
    return true;
  }
}

async function start(): Promise<{ server: TestServer; desk: Desk }> {
  const desk = new Desk();
  let store: Store | undefined;
  const lateStore = new Proxy({} as Store, { get: (_target, key) => Reflect.get(store ?? {}, key) });
  const server = await startTestServer(questionRoutes(lateStore, desk));
  ({ store } = server);
  const gateway = { id: gatewayId, name: "local", tokenHash: hashToken(token), lastSeenAt: null };
  await server.store.observe((tx) => tx.gateways.insert(gateway));
  return { server, desk };
}

const poll = (server: TestServer, headers: Record<string, string> = { "x-auth-token": token }) =>
  server.inject({ method: "GET", url: `${base}/questions?wait_ms=999999`, headers });
const send = (
  server: TestServer,
  payload: unknown,
  { id = "q1", headers = { "x-auth-token": token } }: { id?: string; headers?: Record<string, string> } = {},
) => server.inject({ method: "POST", url: `${base}/answers/${id}`, headers, payload: payload as Json });

const session = {
  endpointId,
  source: { host: "10.0.0.7", port: 51_234 },
  clientPort: 9200,
  node: { host: "10.8.0.11", port: 9200 },
  startedAt: 1,
  idleMs: 2,
  bytesIn: 3,
  bytesOut: 4,
  state: "established",
};

test("a gateway gets the next question, or nothing, after at most 25 s", async () => {
  const { server, desk } = await start();
  const answer = await poll(server);
  expect([answer.status, answer.body]).toEqual([200, { id: "q1", question: list }]);
  desk.question = undefined;
  expect((await poll(server)).status).toBe(204);
  expect(desk.polls).toEqual([
    [gatewayId, 25_000],
    [gatewayId, 25_000],
  ]);
});

test("its answers are taken, and so is why there is none", async () => {
  const { server, desk } = await start();
  const answers = [{ answer: { total: 7, sessions: [session] } }, { failure: "no room" }];
  for (const answer of answers) expect((await send(server, answer)).status).toBe(204);
  desk.question = { kind: "end_session", endpoint: endpointId, session };
  expect((await send(server, { answer: { ended: true } })).status).toBe(204);
  expect(desk.answers).toEqual([...answers, { answer: { ended: true } }]);
});

test.each([
  ["another kind of answer", { answer: { ended: true } }],
  ["a state that is none", { answer: { total: 1, sessions: [{ ...session, state: "odd" }] } }],
  ["a negative number", { answer: { total: 1, sessions: [{ ...session, bytesIn: -1 }] } }],
  [
    "more sessions than can be asked for",
    { answer: { total: 1, sessions: Array.from({ length: 1_001 }, () => session) } },
  ],
  ["a novel", { failure: "x".repeat(1_001) }],
  ["nothing", {}],
])("%s is refused", async (_what, payload) => {
  const { server, desk } = await start();
  expect(refusal(await send(server, payload))).toMatch(/^400 /);
  expect(desk.answers).toEqual([]);
});

test("a megabyte is too much, and who asked this is not there any more", async () => {
  const { server, desk } = await start();
  expect(refusal(await send(server, { failure: "x".repeat(1024 * 1024) }))).toBe("413 APIGW.0201");
  const late = await send(server, { failure: "late" }, { id: "q2" });
  expect([refusal(late), late.body["error_msg"]]).toEqual(["404 CSS.0016", expect.stringContaining("q2")]);
  expect(desk.answers).toEqual([]);
});

test.each([{}, { "x-auth-token": "wrong" }])(
  "without its token (%j) a gateway is told nothing",
  async (headers) => {
    const { server, desk } = await start();
    expect(refusal(await poll(server, headers))).toBe("401 APIGW.0301");
    expect(refusal(await send(server, { failure: "x" }, { headers }))).toBe("401 APIGW.0301");
    expect([desk.polls, desk.answers]).toEqual([[], []]);
  },
);
