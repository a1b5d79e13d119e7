import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { refusalReasons } from "../../domain/refusal.ts";
import type { GatewayReport } from "../../domain/report.ts";
import type { Gateway } from "../../domain/resources.ts";
import {
  aReport,
  endpointId,
  gatewayId,
  nodeId,
  noRefusals,
  serviceId,
  someFigures,
  uuid,
} from "../../domain/test-fixtures.ts";
import type { Store } from "../../domain/store.ts";
import { hashToken } from "../../lib/secrets.ts";
import { refusal, startTestServer, type TestServer } from "../test-server.ts";
import { createLogger } from "../../lib/log.ts";
import { WantedLevel } from "../../lib/wanted-level.ts";
import { gatewayRoutes, type GatewayConversation } from "./routes.ts";

const token = "postern_gateway";
const base = `/postern/v1/gateways/${gatewayId}`;

type Known = Parameters<GatewayConversation["nextSnapshot"]>[1];

/** The control plane as the routes see it: says what it is told to say, and remembers what it was asked. */
class Conversation implements GatewayConversation {
  readonly polls: (readonly [string, Known, number])[] = [];
  readonly reports: (readonly [string, GatewayReport])[] = [];
  snapshot: string | undefined;
  requestIds: readonly string[] = [];
  /** Whether polls last until the client goes. */
  endless = false;

  async nextSnapshot(gateway: Gateway, known: Known, waitMs: number, signal: AbortSignal) {
    this.polls.push([gateway.id, known, waitMs]);
    if (this.endless) {
      await once(signal, "abort");
      this.endless = false;
    }
    return this.snapshot === undefined ? undefined : { text: this.snapshot, requestIds: this.requestIds };
  }

  report(gateway: Gateway, report: GatewayReport): Promise<void> {
    this.reports.push([gateway.id, report]);
    return Promise.resolve();
  }
}

async function start() {
  const level = new WantedLevel();
  const control = new Conversation();
  let store: Store | undefined;
  const lateStore = new Proxy({} as Store, { get: (_target, key) => Reflect.get(store ?? {}, key) });
  const server = await startTestServer(
    gatewayRoutes(lateStore, control, "instance-1", { level, log: createLogger("unit", "silent") }),
  );
  ({ store } = server);
  const gateway = { id: gatewayId, name: "local", tokenHash: hashToken(token), lastSeenAt: null };
  await server.store.observe((tx) => tx.gateways.insert(gateway));
  return { server, control, level };
}

function poll(server: TestServer, query = "", headers: Record<string, string> = { "x-auth-token": token }) {
  return server.inject({ method: "GET", url: `${base}/snapshot${query}`, headers });
}

function send(
  server: TestServer,
  payload: unknown,
  headers: Record<string, string> = { "x-auth-token": token },
) {
  return server.inject({ method: "POST", url: `${base}/report`, headers, payload: payload as object });
}

describe("a gateway's token", () => {
  test("is asked for, and is good for this gateway only", async () => {
    const { server, control } = await start();
    const tenant = await server.tenant("operator", true);
    for (const headers of [{}, { "x-auth-token": "wrong" }, { "x-auth-token": tenant.token }]) {
      expect(refusal(await poll(server, "", headers as Record<string, string>))).toBe("401 APIGW.0301");
      expect(refusal(await send(server, aReport(), headers as Record<string, string>))).toBe(
        "401 APIGW.0301",
      );
    }
    const url = `/postern/v1/gateways/${uuid(404)}/snapshot`;
    const other = await server.inject({ method: "GET", url, headers: { "x-auth-token": token } });
    expect(refusal(other)).toBe("401 APIGW.0301");
    expect([control.polls, control.reports]).toEqual([[], []]);
  });

  test("is good for nothing else", async () => {
    const { server } = await start();
    const { projectId } = await server.tenant("owner");
    const url = `/v1.0/${projectId}/clusters`;
    const answer = await server.inject({ method: "GET", url, headers: { "x-auth-token": token } });
    expect(refusal(answer)).toBe("401 APIGW.0301");
  });
});

describe("the poll", () => {
  test("gives the snapshot as it is, or 204 where there is nothing new", async () => {
    const { server, control } = await start();
    expect((await poll(server)).status).toBe(204);
    control.snapshot = '{"revision": 7}';
    const answer = await poll(server);
    expect([answer.status, answer.text]).toEqual([200, '{"revision": 7}']);
    expect(answer.headers["x-postern-request-ids"]).toBeUndefined();
    control.requestIds = ["a", "b"];
    expect((await poll(server)).headers["x-postern-request-ids"]).toBe("a,b");
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test.each([
    ["", null, 0],
    ["?known=7&wait_ms=100", { revision: 7, lineage: undefined }, 100],
    ["?known=7&lineage=here", { revision: 7, lineage: "here" }, 0],
    ["?known=7&lineage=", { revision: 7, lineage: "" }, 0],
    ["?wait_ms=99999999", null, 25_000],
    ["?wait_ms=-5", null, 0],
    ["?wait_ms=x&known=0", { revision: 0, lineage: undefined }, 0],
  ])("with %j asks for what is newer than %s within %i ms", async (query, known, waitMs) => {
    const { server, control } = await start();
    await poll(server, query);
    expect(control.polls).toEqual([[gatewayId, known, waitMs]]);
  });

  test("ends with its client", async () => {
    const { server, control } = await start();
    control.endless = true;
    await server.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.app.server.address() as AddressInfo;
    const gone = new AbortController();
    const asking = fetch(`http://127.0.0.1:${port}${base}/snapshot?wait_ms=25000`, {
      headers: { "x-auth-token": token },
      signal: gone.signal,
    });
    await vi.waitFor(() => expect(control.polls).toHaveLength(1), 10_000);
    gone.abort();
    await expect(asking).rejects.toThrow(/abort/);
    await vi.waitFor(() => expect(control.endless).toBe(false), 10_000);
  });
});

const refused = {
  endpointId,
  reason: "session_cap",
  source: "10.0.0.1",
  firstAt: 1,
  lastAt: 2,
  count: 3,
} as const;

describe("a report", () => {
  test("is passed on whole, and answered with the name of this server process", async () => {
    const { server, control } = await start();
    const report = aReport({
      severedSessions: 37,
      failures: [{ endpointId, code: "port_taken", message: "127.1.0.2:9200 is taken" }],
      nodes: [{ serviceId, nodeId, healthy: false, detail: "ECONNREFUSED" }],
      endpoints: [someFigures({ bytesIn: 2 ** 52, refusals: { ...noRefusals, session_cap: 3 } })],
      refusals: { process: "p", sequence: 1, records: [refused, { ...refused, source: null }] },
    });
    const answer = await send(server, report);
    expect([answer.status, answer.body]).toEqual([200, { instance: "instance-1" }]);
    expect(control.reports).toEqual([[gatewayId, report]]);
  });

  test("may be larger than what others may send", async () => {
    const { server, control } = await start();
    const endpoints = Array.from({ length: 10_000 }, () => someFigures());
    expect((await send(server, aReport({ endpoints }))).status).toBe(200);
    expect(control.reports[0]?.[1].endpoints).toHaveLength(10_000);
  });

  const failure = { endpointId, code: "port_taken", message: "m" };
  const [{ session_cap: _, ...fewer }] = [noRefusals];
  test.each([
    [{}],
    [{ ...aReport(), appliedRevision: -1 }],
    [{ ...aReport(), appliedRevision: "1" }],
    [{ ...aReport(), severedSessions: -1 }],
    [{ ...aReport(), pid: 0 }],
    [{ ...aReport(), failures: [{ ...failure, code: "bored" }] }],
    [{ ...aReport(), failures: [{ ...failure, message: "x".repeat(1001) }] }],
    [{ ...aReport(), nodes: [{ serviceId, nodeId, healthy: "yes", detail: "" }] }],
    [{ ...aReport(), endpoints: [{ ...someFigures(), sessions: -1 }] }],
    [{ ...aReport(), endpoints: [{ ...someFigures(), refusals: fewer }] }],
    [aReport({ refusals: { process: "p", sequence: 0, records: [] } })],
    [aReport({ refusals: { process: "p", sequence: 1, records: [{ ...refused, count: 0 }] } })],
    [aReport({ refusals: { process: "p", sequence: 1, records: [{ ...refused, lastAt: 9e15 }] } })],
    [aReport({ refusals: { process: "p", sequence: 1, records: [{ ...refused, source: "x".repeat(46) }] } })],
    [
      aReport({
        refusals: { process: "p", sequence: 1, records: Array.from({ length: 2_001 }, () => refused) },
      }),
    ],
    [[]],
  ])("of another shape is refused: %j", async (payload) => {
    const { server, control } = await start();
    expect(refusal(await send(server, payload))).toMatch(/^400 CSS\./);
    expect(control.reports).toEqual([]);
  });

  test("carries a count for every reason that there is", () => {
    expect(Object.keys(noRefusals)).toEqual([...refusalReasons]);
  });
});

test("the answer to a report tells the log level that is wanted, while one is", async () => {
  const { server, level } = await start();
  expect((await send(server, aReport())).body).toEqual({ instance: "instance-1" });
  level.set("debug");
  expect((await send(server, aReport())).body).toEqual({ instance: "instance-1", logLevel: "debug" });
  level.set(undefined);
  expect((await send(server, aReport())).body).toEqual({ instance: "instance-1" });
});
