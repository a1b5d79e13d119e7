import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createLogger } from "../lib/log.ts";
import { defineOperation } from "./operation.ts";
import { buildServer } from "./server.ts";
import { refusal, startTestServer } from "./test-server.ts";
import { Type } from "./type-builder.ts";

describe("what is no operation", () => {
  test.each([
    ["GET", "/v2"],
    ["GET", "/v1.0"],
    ["GET", "/v1.0/p/clusters/c/vpcepservice"],
    ["PATCH", "/v1.0/p/clusters"],
    ["PUT", "/v1.0/p/clusters/c/vpcepservice/open"],
  ] as const)("%s %s is no API", async (method, url) => {
    const server = await startTestServer();
    expect(refusal(await server.inject({ method, url }))).toBe("404 APIGW.0101");
  });

  test("a path with a part that is longer than any is refused", async () => {
    const server = await startTestServer();
    const url = `/v1.0/${"x".repeat(201)}/clusters`;
    expect(refusal(await server.inject({ method: "GET", url }))).toBe("414 CSS.0001");
  });

  test("a path that is no URL is malformed", async () => {
    const server = await startTestServer();
    expect(refusal(await server.inject({ method: "GET", url: "/v1.0/%ff/clusters" }))).toBe("400 APIGW.0201");
  });

  test("an id that is longer than any is out of range", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const answer = await owner.call("GET", `/v1.0/{p}/clusters/${"x".repeat(101)}`);
    expect(refusal(answer)).toBe("400 CSS.5038");
  });
});

describe("the token", () => {
  test("that expires is good up to that moment, also when it was seen before", async () => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    const token = await owner.expiringToken(server.clock.now() + 1_000);
    const ask = () =>
      server.inject({
        method: "GET",
        url: `/v1.0/${owner.projectId}/clusters`,
        headers: { "x-auth-token": token },
      });
    expect((await ask()).status).toBe(200);
    server.clock.advance(999);
    expect((await ask()).status).toBe(200);
    server.clock.advance(1);
    const expired = await ask();
    expect(refusal(expired)).toBe("401 APIGW.0301");
    expect(expired.body["error_msg"]).toContain("token expires, expires_at:2026-01-02T03:04:06.000Z");
  });

  test.each(["", " ", "x".repeat(5_000)])("%j is none", async (token) => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    const url = `/v1.0/${owner.projectId}/clusters`;
    const answer = await server.inject({ method: "GET", url, headers: { "x-auth-token": token } });
    expect(refusal(answer)).toBe("401 APIGW.0301");
  });

  test("is asked for before the path and body are looked at", async () => {
    const server = await startTestServer();
    const answer = await server.inject({
      method: "POST",
      url: `/v1.0/p/clusters/${"x".repeat(101)}/vpcepservice/open`,
      headers: { "content-type": "application/json" },
      payload: "{",
    });
    expect(refusal(answer)).toBe("401 APIGW.0301");
  });
});

test("every answer carries a request id of its own, as JSON in UTF-8", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  const answers = await Promise.all(
    ["/v1.0/{p}/clusters", "/v1.0/{p}/nothing", "/v1.0/{p}/clusters/x"].map((path) =>
      owner.call("GET", path),
    ),
  );
  const ids = answers.map(({ headers }) => headers["x-request-id"]);
  expect(new Set(ids).size).toBe(3);
  for (const { headers } of answers) {
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  }
});

test("the audit trail names the caller, where he is, the operation, the resource and the request", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.register("logs");
  const seen: unknown[] = [];
  const write = server.store.write.bind(server.store);
  server.store.write = (audit, work) => {
    seen.push(audit);
    return write(audit, work);
  };
  const path = `/v1.0/{p}/clusters/${cluster.id}/vpcepservice/open`;
  const { headers } = await owner.call("POST", path, {}, { "x-forwarded-for": "203.0.113.9" });
  expect(seen).toEqual([
    {
      actor: expect.stringMatching(/^[0-9a-f]{32}$/),
      accountId: owner.accountId,
      projectId: owner.projectId,
      source: "127.0.0.1",
      action: "startVpcep",
      resource: `cluster/${cluster.id}`,
      requestId: headers["x-request-id"],
    },
  ]);
});

async function serverWithBroken() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const broken = defineOperation({
    id: "Broken",
    method: "GET",
    path: "/broken",
    action: "test:x:y",
    schemas: { query: Type.Object({}) },
    handle: () => Promise.reject(new Error("SELECT hunter2 FROM secrets")),
  });
  const lines: string[] = [];
  const log = createLogger("unit", "silent");
  log.error = ((event: { err: Error }, text: string) => lines.push(`${text}: ${event.err.message}`)) as never;
  log.child = (() => log) as never;
  const context = { store: server.store, clock: server.clock } as never;
  const app = buildServer(context, [broken], () => undefined, log);
  const { statusCode, payload } = await app.inject({
    method: "GET",
    url: "/broken",
    headers: { "x-auth-token": owner.token },
  });
  await app.close();
  return { statusCode, payload, lines };
}

describe("an operation that fails by itself", () => {
  test("answers 500 without a word of why, and the log has it", async () => {
    const { statusCode, payload, lines } = await serverWithBroken();
    expect(statusCode).toBe(500);
    expect(JSON.parse(payload)).toMatchObject({ errCode: "CSS.0005" });
    expect(payload).not.toMatch(/hunter2|Error:|\.ts/);
    expect(lines).toEqual(["request failed: SELECT hunter2 FROM secrets"]);
  });
});

async function listening() {
  const server = await startTestServer();
  await server.app.listen({ host: "127.0.0.1", port: 0 });
  return { server, port: (server.app.server.address() as AddressInfo).port };
}

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString();
}

describe("over a real socket", () => {
  test.each([
    ["no HTTP", "nonsense\r\n\r\n", 400],
    ["a header that is none", "GET /v3 HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", 400],
    ["too large a header", `GET /v3 HTTP/1.1\r\nHost: x\r\nLong: ${"x".repeat(17_000)}\r\n\r\n`, 431],
  ])("%s is refused as by the cloud's gateway", async (_what, text, status) => {
    const { port } = await listening();
    const [head = "", body = ""] = (await raw(port, text)).split("\r\n\r\n");
    const id = /X-Request-Id: (\w{32})/.exec(head)?.[1];
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toEqual({
      error_code: "APIGW.0201",
      error_msg: expect.stringMatching(/^The request /),
      request_id: id,
    });
  });

  test("an expectation that nobody knows is passed over", async () => {
    const { port } = await listening();
    const head = "GET /v3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    expect(await raw(port, `${head}Expect: a miracle\r\n\r\n`)).toMatch(/^HTTP\/1\.1 300 .*"versions?"/s);
  });

  test("a client that speaks no HTTP gets no stack trace, and others go on", async () => {
    const { server, port } = await listening();
    const owner = await server.tenant("owner");
    const answer = await raw(port, "\u0016\u0003\u0001 nonsense\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toMatch(/Error:|\.ts/);
    const url = `http://127.0.0.1:${port}/v1.0/${owner.projectId}/clusters`;
    const good = await fetch(url, { headers: { "x-auth-token": owner.token } });
    expect(good.status).toBe(200);
    await good.text();
  });

  test("headers without end are cut off", async () => {
    const { port } = await listening();
    const answer = await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});
