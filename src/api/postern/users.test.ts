import { describe, expect, test } from "vitest";
import {
  refusal,
  startTestServer,
  type Json,
  type Method,
  type Tenant,
  type TestServer,
} from "../test-server.ts";
import type { UserId } from "../../domain/ids.ts";
import { hashToken, newToken } from "../../lib/secrets.ts";
import { signed } from "../test-signer.ts";

const users = "/postern/v1/users";
const keys = "/postern/v1/keys";

async function start() {
  const server = await startTestServer();
  return { server, owner: await server.tenant("owner") };
}

async function addUser(owner: Tenant, wish: Json): Promise<{ id: string; password: string }> {
  const { status, body, text } = await owner.call("POST", users, wish);
  if (status !== 200) throw new Error(text);
  return body as { id: string; password: string };
}

/** Signs in by password and returns a caller. */
async function signInAs(server: TestServer, name: string, password: string) {
  const user = { name, password, domain: { name: "owner" } };
  const identity = { methods: ["password"], password: { user } };
  const payload = { auth: { identity, scope: { project: { name: "region-1" } } } };
  const { status, headers } = await server.inject({ method: "POST", url: "/v3/auth/tokens", payload });
  const token = String(headers["x-subject-token"]);
  const call = (method: Method, url: string, body?: Json) =>
    server.inject({ method, url, headers: { "x-auth-token": token }, ...(body ? { payload: body } : {}) });
  return { status, call, token };
}

describe("a user", () => {
  test("signs in with the password that was shown, and has his role's rights only", async () => {
    const { server, owner } = await start();
    const cluster = await owner.open("logs");
    const { password } = await addUser(owner, { name: "eve", role: "reader" });
    const eve = await signInAs(server, "eve", password);
    const service = `/v1.0/${owner.projectId}/clusters/${cluster.id}/vpcepservice`;
    expect((await eve.call("GET", `${service}/connections`)).status).toBe(200);
    const close = await eve.call("PUT", `${service}/close`);
    expect(refusal(close)).toBe("400 CSS.0051");
    expect(close.body["error_msg"]).toContain("css:VPCEndpoint:enableOrDisable");
  });

  test("has single actions besides, and they change at once", async () => {
    const { server, owner } = await start();
    const cluster = await owner.open("logs");
    const actions = ["css:VPCEndpoint:listConnection"];
    const { id, password } = await addUser(owner, { name: "eve", role: "custom", actions });
    const eve = await signInAs(server, "eve", password);
    const list = () =>
      eve.call("GET", `/v1.0/${owner.projectId}/clusters/${cluster.id}/vpcepservice/connections`);
    expect((await list()).status).toBe(200);
    expect(refusal(await eve.call("GET", `/v1.0/${owner.projectId}/clusters`))).toBe("400 CSS.0051");
    await owner.call("PUT", `${users}/${id}`, { actions: [] });
    expect(refusal(await list())).toBe("400 CSS.0051");
    await owner.call("PUT", `${users}/${id}`, { role: "administrator" });
    expect((await list()).status).toBe(200);
  });

  test("gets a new password, which ends the old one and all that it signed in", async () => {
    const { server, owner } = await start();
    const { id, password } = await addUser(owner, { name: "eve" });
    const eve = await signInAs(server, "eve", password);
    const { body } = await owner.call("PUT", `${users}/${id}`, { reset_password: true });
    expect((await eve.call("GET", "/v3/auth/domains")).status).toBe(401);
    expect((await signInAs(server, "eve", password)).status).toBe(401);
    expect((await signInAs(server, "eve", String(body["password"]))).status).toBe(201);
  });

  test("gets a new password: handed-out tokens and keys stay, exchanged tokens and temporary keys go", async () => {
    const { server, owner } = await start();
    const { id, password } = await addUser(owner, { name: "eve" });
    const eve = await signInAs(server, "eve", password);
    const key = (await eve.call("POST", keys, {})).body as Record<string, string>;
    const wish = { auth: { identity: { methods: ["token"] } } };
    const made = await eve.call("POST", "/v3.0/OS-CREDENTIAL/securitytokens", wish);
    const temporary = made.body["credential"] as Record<string, string>;
    const identity = { methods: ["token"], token: { id: eve.token } };
    const payload = { auth: { identity } };
    const exchange = await server.inject({ method: "POST", url: "/v3/auth/tokens", payload });
    const exchanged = String(exchange.headers["x-subject-token"]);
    const handedOut = newToken();
    await server.store.observe((tx) =>
      tx.identity.insertToken({
        hash: hashToken(handedOut),
        userId: id as UserId,
        projectId: owner.projectId,
        methods: [],
        expiresAt: null,
        createdAt: 1,
      }),
    );
    await owner.call("PUT", `${users}/${id}`, { reset_password: true });

    const url = "/v3/auth/domains";
    const withToken = async (token: string) =>
      (await server.inject({ method: "GET", url, headers: { "x-auth-token": token } })).status;
    const withKey = async (one: Record<string, string>, access: string, secret: string) => {
      const request = signed({ id: one[access] ?? "", secret: one[secret] ?? "" }, url, server.clock.now());
      const headers = {
        ...request.headers,
        ...(one["securitytoken"] ? { "x-security-token": one["securitytoken"] } : {}),
      };
      return (await server.inject({ ...request, headers })).status;
    };
    expect([await withToken(exchanged), await withToken(handedOut)]).toEqual([401, 200]);
    expect(await withKey(temporary, "access", "secret")).toBe(401);
    expect(await withKey(key, "access_key", "secret_key")).toBe(200);
  });

  test("gets another role, which counts for what is signed in already", async () => {
    const { server, owner } = await start();
    const { id, password } = await addUser(owner, { name: "eve", role: "administrator" });
    const eve = await signInAs(server, "eve", password);
    const create = (name: string) => eve.call("POST", users, { name });
    expect((await create("first")).status).toBe(200);
    await owner.call("PUT", `${users}/${id}`, { role: "reader" });
    expect((await eve.call("GET", "/v3/auth/domains")).status).toBe(200);
    expect(refusal(await create("second"))).toBe("400 CSS.0051");
  });

  test("who is deleted is out at once", async () => {
    const { server, owner } = await start();
    const { id, password } = await addUser(owner, { name: "eve" });
    const eve = await signInAs(server, "eve", password);
    expect((await owner.call("DELETE", `${users}/${id}`)).status).toBe(204);
    expect((await eve.call("GET", "/v3/auth/domains")).status).toBe(401);
    expect((await owner.call("GET", users)).body).toMatchObject({
      users: [{ name: "owner" }],
      total_count: 1,
    });
  });

  test("is named once an account, and never changes himself away", async () => {
    const { owner } = await start();
    await addUser(owner, { name: "eve" });
    expect(refusal(await owner.call("POST", users, { name: "eve" }))).toBe("409 EndPoint.3006");
    const { body } = await owner.call("GET", users);
    const own = (body["users"] as Json[]).find(({ name }) => name === "owner");
    const path = `${users}/${String(own?.["id"])}`;
    expect(refusal(await owner.call("DELETE", path))).toBe("400 CSS.5090");
    expect(refusal(await owner.call("PUT", path, { role: "reader" }))).toBe("400 CSS.5090");
  });

  test("of another account does not exist", async () => {
    const { server, owner } = await start();
    const stranger = await server.tenant("stranger");
    const { id } = await addUser(owner, { name: "eve" });
    expect(refusal(await stranger.call("DELETE", `${users}/${id}`))).toBe("404 CSS.0016");
    expect(refusal(await stranger.call("GET", `${keys}?user_id=${id}`))).toBe("404 CSS.0016");
  });

  test.each([{ name: "a b" }, { name: "a", role: "god" }, { name: "a", actions: ["*"] }])(
    "%j is refused",
    async (wish) => {
      const { owner } = await start();
      expect((await owner.call("POST", users, wish)).status).toBe(400);
    },
  );

  test("who may manage users but is no administrator gives nobody rights", async () => {
    const { server, owner } = await start();
    const actions = ["postern:*"];
    const { id, password } = await addUser(owner, { name: "eve", role: "custom", actions });
    const eve = await signInAs(server, "eve", password);
    expect(refusal(await eve.call("POST", users, { name: "x", role: "administrator" }))).toBe("403 CSS.5045");
    expect(refusal(await eve.call("PUT", `${users}/${id}`, { role: "administrator" }))).toBe("403 CSS.5045");
  });

  test("who is no operator does not take an operator over", async () => {
    const server = await startTestServer();
    const operator = await server.tenant("owner", true);
    const { password } = await addUser(operator, { name: "eve", role: "administrator" });
    const eve = await signInAs(server, "eve", password);
    const { body } = await operator.call("GET", users);
    const own = (body["users"] as Json[]).find(({ name }) => name === "owner");
    const path = `${users}/${String(own?.["id"])}`;
    expect(refusal(await eve.call("PUT", path, { reset_password: true }))).toBe("403 CSS.5045");
    const wish = { user_id: own?.["id"] };
    expect(refusal(await eve.call("POST", keys, wish))).toBe("403 CSS.5045");
  });
});

describe("keys", () => {
  test("rotate without a gap: the second works before the first goes", async () => {
    const { server, owner } = await start();
    const old = { id: "AKowner", secret: "SK" };
    const made = (await owner.call("POST", keys, {})).body as Record<string, string>;
    const next = { id: made["access_key"] ?? "", secret: made["secret_key"] ?? "" };
    const ask = (key: typeof old) =>
      server.inject(signed(key, `/v1.0/${owner.projectId}/clusters`, server.clock.now()));
    expect([(await ask(old)).status, (await ask(next)).status]).toEqual([200, 200]);
    expect(refusal(await owner.call("POST", keys, {}))).toBe("400 Endpoint.1018");
    expect((await owner.call("DELETE", `${keys}/${old.id}`)).status).toBe(204);
    expect([(await ask(old)).status, (await ask(next)).status]).toEqual([401, 200]);
    const { body } = await owner.call("GET", keys);
    expect(body).toMatchObject({ keys: [{ id: next.id, user: "owner" }], total_count: 1 });
    expect(JSON.stringify(body)).not.toContain(next.secret);
  });

  test("of others are an administrator's", async () => {
    const { server, owner } = await start();
    const { id, password } = await addUser(owner, { name: "eve" });
    const eve = await signInAs(server, "eve", password);
    expect((await eve.call("POST", keys, {})).status).toBe(200);
    expect(refusal(await eve.call("DELETE", `${keys}/AKowner`))).toBe("403 CSS.5045");
    expect((await owner.call("POST", keys, { user_id: id })).status).toBe(200);
    expect((await owner.call("GET", `${keys}?user_id=${id}`)).body["total_count"]).toBe(2);
  });
});

describe("a user of another account", () => {
  test("is made by an operator, and signs in there", async () => {
    const server = await startTestServer();
    const operator = await server.tenant("operator", true);
    const other = await server.tenant("imported");
    const body = { name: "eve", role: "administrator", account_id: other.accountId };
    const made = await operator.call("POST", "/postern/v1/users", body);
    expect(made.status).toBe(200);
    const user = { name: "eve", password: made.body["password"], domain: { name: "imported" } };
    const payload = { auth: { identity: { methods: ["password"], password: { user } } } };
    expect((await server.inject({ method: "POST", url: "/v3/auth/tokens", payload })).status).toBe(201);
    const names = (await operator.call("GET", "/postern/v1/users")).body["users"] as { name: string }[];
    expect(names.map(({ name }) => name)).not.toContain("eve");
  });

  test("is refused to whoever is no operator, and for an account that is not there", async () => {
    const server = await startTestServer();
    const [operator, other] = [await server.tenant("operator", true), await server.tenant("other")];
    const ask = (by: typeof other, account: string) =>
      by.call("POST", "/postern/v1/users", { name: "eve", account_id: account });
    expect(refusal(await ask(other, operator.accountId))).toBe("403 CSS.5045");
    expect(refusal(await ask(operator, "f".repeat(32)))).toBe("404 CSS.0016");
    expect((await ask(other, other.accountId)).status).toBe(200);
  });
});
