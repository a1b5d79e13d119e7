import { describe, expect, test } from "vitest";
import { refusal, startTestServer, type Json, type Tenant, type TestServer } from "../test-server.ts";
import { signed } from "../test-signer.ts";

const dayMs = 24 * 3_600_000;

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  await owner.givePassword("owner");
  return { server, owner };
}

function signIn(server: TestServer, scope: object | undefined, wish: Json = {}, query = "") {
  const user = { name: "owner", password: "right", domain: { name: "owner" }, ...wish };
  const auth = { identity: { methods: ["password"], password: { user } }, ...(scope ? { scope } : {}) };
  return server.inject({ method: "POST", url: `/v3/auth/tokens${query}`, payload: { auth } });
}

const scope = { project: { name: "region-1" } };

describe("signing in", () => {
  test("gives a token of the project for a day, key for key as published", async () => {
    const { server, owner } = await start();
    const answer = await signIn(server, scope, {}, "?nocatalog=true");
    const domain = { id: owner.accountId, name: "owner" };
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        token: {
          expires_at: "2026-01-03T03:04:05.000000Z",
          issued_at: "2026-01-02T03:04:05.000000Z",
          methods: ["password"],
          project: { id: owner.projectId, name: "region-1", domain },
          roles: [{ id: "0", name: "te_admin" }],
          user: { id: expect.any(String), name: "owner", domain, password_expires_at: "" },
        },
      },
    ]);
    const token = String(answer.headers["x-subject-token"]);
    const list = () =>
      server.inject({
        method: "GET",
        url: `/v1.0/${owner.projectId}/clusters`,
        headers: { "x-auth-token": token },
      });
    expect((await list()).status).toBe(200);
    server.clock.advance(dayMs - 1);
    expect((await list()).status).toBe(200);
    server.clock.advance(1);
    expect(refusal(await list())).toBe("401 APIGW.0301");
  });

  test("lists the services that clients look up", async () => {
    const { server, owner } = await start();
    const { token } = (await signIn(server, { project: { id: owner.projectId } })).body as { token: Json };
    expect(token["catalog"]).toContainEqual({
      id: "css",
      name: "css",
      type: "css",
      endpoints: [
        {
          id: "css-public",
          interface: "public",
          region: "region-1",
          region_id: "region-1",
          url: expect.stringMatching(new RegExp(`^http://[^/]+/v1.0/${owner.projectId}$`)),
        },
      ],
    });
  });

  test.each([[{ domain: { name: "owner" } }], [undefined]])(
    "to the whole account with %j is good for no project",
    async (wanted) => {
      const { server, owner } = await start();
      const answer = await signIn(server, wanted);
      expect(answer.body["token"]).toMatchObject({ domain: { id: owner.accountId, name: "owner" } });
      const headers = { "x-auth-token": String(answer.headers["x-subject-token"]) };
      const url = `/v1.0/${owner.projectId}/clusters`;
      expect(refusal(await server.inject({ method: "GET", url, headers }))).toBe("403 CSS.0015");
      expect((await server.inject({ method: "GET", url: "/v3/auth/domains", headers })).status).toBe(200);
    },
  );

  test.each([
    [{ password: "wrong" }, scope],
    [{ name: "nobody" }, scope],
    [{ domain: { name: "nobody" } }, scope],
    [{}, { project: { name: "elsewhere" } }],
    [{}, { domain: { name: "elsewhere" } }],
  ])("%j with %j is refused as Keystone does", async (wish, wanted) => {
    const { server } = await start();
    const { status, body } = await signIn(server, wanted, wish);
    expect([status, body]).toEqual([
      401,
      { error: { code: 401, title: "Unauthorized", message: expect.stringMatching(/.{20}/) } },
    ]);
  });

  test("is locked for 5 minutes after more than 5 wrong passwords in a row", async () => {
    const { server } = await start();
    for (let n = 0; n < 6; n += 1) await signIn(server, scope, { password: "wrong" });
    expect((await signIn(server, scope)).status).toBe(401);
    server.clock.advance(5 * 60_000);
    expect((await signIn(server, scope)).status).toBe(201);
  });

  test("is locked by wrong passwords at once, too", async () => {
    const { server } = await start();
    await Promise.all(Array.from({ length: 16 }, () => signIn(server, scope, { password: "wrong" })));
    expect((await signIn(server, scope)).status).toBe(401);
  });

  test("too often at once is throttled, and nobody is locked by that", async () => {
    const { server } = await start();
    const answers = await Promise.all(Array.from({ length: 17 }, () => signIn(server, scope)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(16);
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
    expect((await signIn(server, scope)).status).toBe(201);
  });

  test.each([
    [{}, "lacks auth"],
    [{ auth: { identity: { methods: ["token"] } } }, "lacks token"],
    [{ auth: { identity: { methods: ["token", "password"], token: { id: "x" } } } }, "methods"],
    [{ auth: { identity: { methods: ["password"] } } }, "lacks password"],
    [
      {
        auth: {
          identity: {
            methods: ["totp"],
            password: { user: { name: "a", password: "b", domain: { name: "c" } } },
          },
        },
      },
      "methods",
    ],
  ])("%j is malformed", async (payload, message) => {
    const { server } = await start();
    const answer = await server.inject({ method: "POST", url: "/v3/auth/tokens", payload });
    expect(answer.body["error"]).toMatchObject({ code: 400, title: "Bad Request" });
    expect(answer.text).toContain(message);
  });
});

function askForKey(server: TestServer, token: object, key = "AKowner") {
  const body = JSON.stringify({ auth: { identity: { methods: ["token"], token } } });
  const url = "/v3.0/OS-CREDENTIAL/securitytokens";
  return server.inject(signed({ id: key, secret: "SK" }, url, server.clock.now(), { method: "POST", body }));
}

describe("a temporary key, asked for by signature", () => {
  test("is made for the token that the body names, while it is valid and the signer's own", async () => {
    const { server } = await start();
    await server.tenant("stranger");
    const id = String((await signIn(server, scope)).headers["x-subject-token"]);
    expect((await askForKey(server, { id })).status).toBe(201);
    const statuses = [
      askForKey(server, {}),
      askForKey(server, { id: `${id}x` }),
      askForKey(server, { id }, "AKstranger"),
    ];
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([403, 403, 403]);
    server.clock.advance(dayMs - 1);
    expect((await askForKey(server, { id })).status).toBe(201);
    server.clock.advance(1);
    expect((await askForKey(server, { id })).status).toBe(403);
  });
});

function ask(tenant: Tenant, method: "GET" | "DELETE", subject: string) {
  return tenant.call(method, "/v3/auth/tokens", undefined, { "x-subject-token": subject });
}

describe("a token", () => {
  test("can be looked at, and revoked at once", async () => {
    const { server, owner } = await start();
    const token = String((await signIn(server, scope)).headers["x-subject-token"]);
    const shown = await ask(owner, "GET", token);
    expect([shown.status, shown.headers["x-subject-token"]]).toEqual([200, token]);
    expect(shown.body["token"]).toMatchObject({ project: { id: owner.projectId } });
    expect((await ask(owner, "DELETE", token)).status).toBe(204);
    expect((await ask(owner, "GET", token)).body["error"]).toMatchObject({ code: 404, title: "Not Found" });
    const used = await server.inject({
      method: "GET",
      url: "/v3/auth/domains",
      headers: { "x-auth-token": token },
    });
    expect(refusal(used)).toBe("401 APIGW.0301");
  });

  test("of another account does not exist", async () => {
    const { server, owner } = await start();
    const stranger = await server.tenant("stranger");
    expect((await ask(stranger, "GET", owner.token)).status).toBe(404);
    expect((await ask(stranger, "DELETE", owner.token)).status).toBe(404);
    expect((await ask(owner, "GET", owner.token)).body["token"]).toMatchObject({ expires_at: null });
  });
});

describe("look-ups", () => {
  test("a region's project is found by its name, exactly once", async () => {
    const { server, owner } = await start();
    await server.tenant("stranger");
    const { status, body } = await owner.call("GET", "/v3/projects?name=region-1");
    expect([status, body["projects"]]).toEqual([
      200,
      [
        {
          id: owner.projectId,
          name: "region-1",
          domain_id: owner.accountId,
          parent_id: owner.accountId,
          is_domain: false,
          enabled: true,
          description: "",
          links: { self: expect.any(String), next: null, previous: null },
        },
      ],
    ]);
  });

  test.each([
    ["?name=region-2", 0],
    ["?enabled=true&is_domain=false", 1],
    ["?enabled=false", 0],
    ["?is_domain=true", 0],
    ["?domain_id=x", 0],
    ["?parent_id=x", 0],
    ["?page=2&per_page=1", 0],
  ])("projects%s: %i", async (query, count) => {
    const { owner } = await start();
    const { body } = await owner.call("GET", `/v3/projects${query}`);
    expect(body["projects"]).toHaveLength(count);
  });

  test("a project can be made, with a network, once; signing in to it works", async () => {
    const { server, owner } = await start();
    const make = () => owner.call("POST", "/v3/projects", { project: { name: "search" } });
    const made = await make();
    expect([made.status, made.body["project"]]).toMatchObject([201, { name: "search" }]);
    const { id } = made.body["project"] as { id: string };
    const token = String((await signIn(server, { project: { name: "search" } })).headers["x-subject-token"]);
    const vpcs = await server.inject({
      method: "GET",
      url: `/postern/v1/${id}/vpcs`,
      headers: { "x-auth-token": token },
    });
    expect(vpcs.body).toMatchObject({ vpcs: [{ name: "default" }] });
    expect((await make()).body["error"]).toMatchObject({ code: 409 });
  });

  test("domains, projects, users and catalog are the caller's own", async () => {
    const { server, owner } = await start();
    await server.tenant("stranger");
    const get = async (path: string, key: string) => (await owner.call("GET", path)).body[key] as Json[];
    expect(await get("/v3/auth/domains", "domains")).toMatchObject([{ id: owner.accountId, name: "owner" }]);
    expect(await get("/v3/auth/projects", "projects")).toMatchObject([{ id: owner.projectId }]);
    expect(await get("/v3/users?name=owner", "users")).toMatchObject([{ domain_id: owner.accountId }]);
    expect(await get("/v3/users?name=stranger", "users")).toEqual([]);
    expect((await get("/v3/auth/catalog", "catalog")).map(({ name }) => name)).toContain("vpcep");
  });

  test.each(["/", "/v3"])("GET %s tells the version to anybody", async (url) => {
    const { server } = await start();
    const answer = await server.inject({ method: "GET", url });
    expect(answer.status).toBe(300);
    expect(answer.body).toMatchObject({ versions: { values: [{ id: "v3.6", status: "stable" }] } });
  });
});

test("what is over is forgotten when something new is made, and what does not expire stays", async () => {
  const { server, owner } = await start();
  const first = String((await signIn(server, scope)).headers["x-subject-token"]);
  server.clock.advance(dayMs);
  await signIn(server, scope);
  const show = (token: string) =>
    owner.call("GET", "/v3/auth/tokens", undefined, { "x-subject-token": token });
  expect((await show(first)).status).toBe(404);
  expect((await show(owner.token)).status).toBe(200);
});

function exchange(server: TestServer, id: string, wanted: object | undefined) {
  const auth = { identity: { methods: ["token"], token: { id } }, ...(wanted ? { scope: wanted } : {}) };
  return server.inject({ method: "POST", url: "/v3/auth/tokens?nocatalog=true", payload: { auth } });
}

describe("a token exchanged for another scope", () => {
  test("is good for that scope, ends with the old one, and leaves the old one alone", async () => {
    const { server, owner } = await start();
    const old = String((await signIn(server, undefined)).headers["x-subject-token"]);
    server.clock.advance(3_600_000);
    const answer = await exchange(server, old, scope);
    expect([answer.status, answer.body["token"]]).toMatchObject([
      201,
      {
        methods: ["token", "password"],
        issued_at: "2026-01-02T04:04:05.000000Z",
        expires_at: "2026-01-03T03:04:05.000000Z",
        project: { id: owner.projectId },
      },
    ]);
    const token = String(answer.headers["x-subject-token"]);
    const list = (headers: Record<string, string>) =>
      server.inject({ method: "GET", url: `/v1.0/${owner.projectId}/clusters`, headers });
    expect((await list({ "x-auth-token": token })).status).toBe(200);
    const back = await exchange(server, token, { domain: { id: owner.accountId } });
    expect(back.body["token"]).toMatchObject({ domain: { name: "owner" }, methods: ["token", "password"] });
    expect((await ask(owner, "GET", old)).status).toBe(200);
    server.clock.advance(dayMs - 3_600_000);
    expect((await list({ "x-auth-token": token })).status).toBe(401);
    expect((await exchange(server, token, scope)).body["error"]).toMatchObject({ code: 401 });
  });

  test("that does not expire gives one that does", async () => {
    const { server, owner } = await start();
    const { body } = await exchange(server, owner.token, scope);
    expect(body["token"]).toMatchObject({ methods: ["token"], expires_at: "2026-01-03T03:04:05.000000Z" });
  });

  test.each([
    ["postern_unknown", scope],
    ["", { project: { name: "elsewhere" } }],
    ["", { domain: { name: "stranger" } }],
  ])("%j with %j is refused as Keystone does", async (id, wanted) => {
    const { server, owner } = await start();
    await server.tenant("stranger");
    const { status, body } = await exchange(server, id || owner.token, wanted);
    expect([status, body]).toEqual([
      401,
      { error: { code: 401, title: "Unauthorized", message: expect.stringMatching(/.{20}/) } },
    ]);
  });

  test("of another account's project is refused", async () => {
    const { server, owner } = await start();
    const stranger = await server.tenant("stranger");
    const answer = await exchange(server, stranger.token, { project: { id: owner.projectId } });
    expect(refusal(answer)).toBe("401 401");
  });

  test("that was revoked is refused", async () => {
    const { server, owner } = await start();
    const token = String((await signIn(server, scope)).headers["x-subject-token"]);
    expect((await ask(owner, "DELETE", token)).status).toBe(204);
    expect(refusal(await exchange(server, token, scope))).toBe("401 401");
  });
});
