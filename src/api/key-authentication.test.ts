import { describe, expect, test } from "vitest";
import { refusal, startTestServer, type Tenant, type TestServer } from "./test-server.ts";
import { signed, type SigningKey, type SignWish } from "./test-signer.ts";

const minuteMs = 60_000;

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  return { server, owner, key: { id: "AKowner", secret: "SK" } };
}

function ask(server: TestServer, owner: Tenant, key: SigningKey, wish: SignWish = {}, skewMs = 0) {
  const url = `/v1.0/${owner.projectId}/clusters`;
  return server.inject(signed(key, url, server.clock.now() + skewMs, wish));
}

describe("a signed request", () => {
  test("is good without any token, also when its key was seen before", async () => {
    const { server, owner, key } = await start();
    await owner.register("logs");
    for (let n = 0; n < 2; n += 1) {
      const answer = await ask(server, owner, key);
      expect([answer.status, (answer.body["clusters"] as object[]).length]).toEqual([200, 1]);
    }
  });

  test("covers the body of a GET, which the operation never reads", async () => {
    const { server, owner, key } = await start();
    expect((await ask(server, owner, key, { body: "{}" })).status).toBe(200);
    const request = signed(key, `/v1.0/${owner.projectId}/clusters`, server.clock.now(), { body: "{}" });
    expect(refusal(await server.inject({ ...request, payload: "{ }" }))).toBe("401 APIGW.0301");
    const huge = await ask(server, owner, key, { body: " ".repeat(1024 * 1024 + 1) });
    expect(refusal(huge)).toBe("413 APIGW.0201");
  });

  test("covers the body as it came, before anything reads it", async () => {
    const { server, owner, key } = await start();
    const body = '{"name": "edge" }\n';
    const url = `/postern/v1/${owner.projectId}/vpcs`;
    const request = signed(key, url, server.clock.now(), { method: "POST", body });
    const forged = await server.inject({ ...request, payload: "{" });
    expect(refusal(forged)).toBe("401 APIGW.0301");
    expect((await server.inject(request)).status).toBe(200);
  });

  test("may have no body where none is needed", async () => {
    const { server, owner, key } = await start();
    const cluster = await owner.register("logs");
    const url = `/v1.0/${owner.projectId}/clusters/${cluster.id}/vpcepservice/open`;
    const request = signed(key, url, server.clock.now(), { method: "POST" });
    expect((await server.inject(request)).status).toBe(200);
  });

  test("works in the account's projects only", async () => {
    const { server, key } = await start();
    const stranger = await server.tenant("stranger");
    expect(refusal(await ask(server, stranger, key))).toBe("403 CSS.0015");
  });

  test("with a key that is gone is refused at once", async () => {
    const { server, owner, key } = await start();
    expect((await ask(server, owner, key)).status).toBe(200);
    await server.store.observe((tx) => tx.identity.deleteAccessKey(key.id));
    const answer = await ask(server, owner, key);
    expect(answer.body["error_msg"]).toBe("Incorrect IAM authentication information: ak AKowner not exist");
  });
});

describe("in the published words", () => {
  test("a wrong secret is answered with what was to be signed", async () => {
    const { server, owner } = await start();
    const answer = await ask(server, owner, { id: "AKowner", secret: "SX" });
    expect(refusal(answer)).toBe("401 APIGW.0301");
    expect(answer.body["error_msg"]).toBe(
      "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:" +
        `GET|/v1.0/${owner.projectId}/clusters/||x-sdk-date:20260102T030405Z||x-sdk-date|` +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  test.each([
    [15 * minuteMs, 200],
    [-15 * minuteMs, 200],
    [15 * minuteMs + 1_000, 401],
    [-15 * minuteMs - 1_000, 401],
  ])("a clock that is off by %i ms: %i", async (skewMs, status) => {
    const { server, owner, key } = await start();
    const answer = await ask(server, owner, key, {}, skewMs);
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(answer.body["error_msg"]).toMatch(
      /calc aksk signature fail:signature expired, signature time:\d{8}T\d{6}Z,server time:20260102T030405Z$/,
    );
  });

  test.each([
    "SDK-HMAC-SM3 Access=AKowner, SignedHeaders=x-sdk-date, Signature=00",
    "SDK-HMAC-SHA256 nonsense",
  ])("%s is refused", async (authorization) => {
    const { server, owner, key } = await start();
    const request = signed(key, `/v1.0/${owner.projectId}/clusters`, server.clock.now());
    const answer = await server.inject({ ...request, headers: { ...request.headers, authorization } });
    expect(refusal(answer)).toBe("401 APIGW.0301");
  });

  test("another scheme is none", async () => {
    const { server, owner } = await start();
    const url = `/v1.0/${owner.projectId}/clusters`;
    const answer = await server.inject({ method: "GET", url, headers: { authorization: "Basic eDp5" } });
    expect(answer.body["error_msg"]).toContain("x-auth-token not found");
  });
});

test("more than 5 wrong signatures in a row lock a key for 5 minutes, also for who knows the secret", async () => {
  const { server, owner, key } = await start();
  const wrong = { ...key, secret: "SX" };
  for (let n = 0; n < 5; n += 1) await ask(server, owner, wrong);
  expect((await ask(server, owner, key)).status).toBe(200);
  for (let n = 0; n < 6; n += 1) await ask(server, owner, wrong);
  const locked = await ask(server, owner, key);
  expect(refusal(locked)).toBe("401 APIGW.0301");
  expect(locked.body["error_msg"]).toContain("AK access failed to reach the limit,forbidden");
  server.clock.advance(5 * minuteMs);
  expect((await ask(server, owner, key)).status).toBe(200);
});

async function temporary() {
  const { server, owner } = await start();
  const { body } = await owner.call("POST", "/v3.0/OS-CREDENTIAL/securitytokens", {
    auth: { identity: { methods: ["token"], token: { duration_seconds: 900 } } },
  });
  const { access, secret, securitytoken } = body["credential"] as Record<string, string>;
  const key = { id: access ?? "", secret: secret ?? "" };
  return { server, owner, key, securityToken: securitytoken ?? "" };
}

describe("a temporary key", () => {
  test("is good with its security token, for as long as was asked", async () => {
    const { server, owner, key, securityToken } = await temporary();
    const headers = { "x-security-token": securityToken };
    expect((await ask(server, owner, key, { headers })).status).toBe(200);
    server.clock.advance(900_000 - 1);
    expect((await ask(server, owner, key, { headers })).status).toBe(200);
    server.clock.advance(1);
    expect((await ask(server, owner, key, { headers })).body["error_msg"]).toContain("token expires");
  });

  test("is nothing without it", async () => {
    const { server, owner, key, securityToken } = await temporary();
    expect((await ask(server, owner, key)).body["error_msg"]).toContain("Get secretKey failed");
    const headers = { "x-security-token": `${securityToken}x` };
    expect(refusal(await ask(server, owner, key, { headers }))).toBe("401 APIGW.0301");
  });

  test("makes no further one", async () => {
    const { server, key, securityToken } = await temporary();
    const request = signed(key, "/v3.0/OS-CREDENTIAL/securitytokens", server.clock.now(), {
      method: "POST",
      body: JSON.stringify({ auth: { identity: { methods: ["token"] } } }),
      headers: { "x-security-token": securityToken },
    });
    expect((await server.inject(request)).body["error"]).toMatchObject({ code: 403, title: "Forbidden" });
  });
});
