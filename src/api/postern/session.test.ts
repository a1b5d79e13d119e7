import { describe, expect, test } from "vitest";
import { refusal, startTestServer, type Answer, type Json, type TestServer } from "../test-server.ts";

const console = { "x-postern-console": "1" };
const path = "/postern/v1/session";

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  await owner.givePassword("owner");
  return { server, owner };
}

function signIn(server: TestServer, wish: Json = {}, headers: Record<string, string> = {}): Promise<Answer> {
  const payload = { account: "owner", user: "owner", password: "right", ...wish };
  return server.inject({ method: "POST", url: path, payload, headers });
}

/** What a browser sends after it was told to keep the cookie. */
function cookieOf({ headers }: Answer): string {
  return String(headers["set-cookie"]).split(";")[0] ?? "";
}

function askAs(
  server: TestServer,
  cookie: string,
  url = path,
  headers: Record<string, string> = console,
): Promise<Answer> {
  return server.inject({ url, headers: { cookie, ...headers } });
}

describe("a browser that signs in", () => {
  test("keeps a cookie that scripts and other sites do not get at, and is told who it is", async () => {
    const { server, owner } = await start();
    const answer = await signIn(server);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      user: { name: "owner" },
      account: { id: owner.accountId, name: "owner" },
      project_id: owner.projectId,
      projects: [{ id: owner.projectId, name: "region-1" }],
      role: "administrator",
      is_operator: false,
    });
    const [cookie, ...attributes] = String(answer.headers["set-cookie"]).split("; ");
    expect(cookie).toMatch(/^postern_session=\S{20,}$/);
    expect(attributes).toEqual(["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Strict"]);
    expect(answer.text).not.toContain(cookie?.split("=")[1]);
    const shown = await askAs(server, cookieOf(answer));
    expect([shown.status, shown.body]).toEqual([200, answer.body]);
  });

  test("behind something that speaks TLS keeps the cookie for TLS only", async () => {
    const { server } = await start();
    const answer = await signIn(server, {}, { "x-forwarded-proto": "https" });
    expect(answer.headers["set-cookie"]).toMatch(/; Secure$/);
  });

  test("may choose a project of the account, and none that is not there", async () => {
    const { server, owner } = await start();
    await owner.call("POST", "/v3/projects", { project: { name: "other" } });
    const answer = await signIn(server, { project: "other" });
    const projects = answer.body["projects"] as readonly Json[];
    expect(projects.find(({ name }) => name === "other")?.["id"]).toBe(answer.body["project_id"]);
    expect((await signIn(server, { project: "nowhere" })).status).toBe(401);
  });

  test.each([[{ password: "wrong" }], [{ user: "nobody" }], [{ account: "nobody" }]])(
    "with %j is refused, and gets no cookie",
    async (wish) => {
      const { server } = await start();
      const answer = await signIn(server, wish);
      expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, undefined]);
    },
  );

  test("is locked for 5 minutes after 6 wrong passwords", async () => {
    const { server } = await start();
    for (let n = 0; n < 6; n += 1) await signIn(server, { password: "wrong" });
    expect((await signIn(server)).status).toBe(401);
    server.clock.advance(5 * 60_000);
    expect((await signIn(server)).status).toBe(201);
  });
});

describe("a session", () => {
  test("is nothing where a page of another site made the browser send the cookie", async () => {
    const { server, owner } = await start();
    const cookie = cookieOf(await signIn(server));
    const clusters = `/postern/v1/${owner.projectId}/clusters`;
    expect((await askAs(server, cookie, clusters)).status).toBe(200);
    for (const headers of [{}, { "x-postern-console": "0" }] as const)
      expect(refusal(await askAs(server, cookie, clusters, headers))).toBe("401 APIGW.0301");
  });

  test("is good for its project only", async () => {
    const { server } = await start();
    const stranger = await server.tenant("stranger");
    const cookie = cookieOf(await signIn(server));
    const answer = await askAs(server, cookie, `/postern/v1/${stranger.projectId}/clusters`);
    expect(answer.status).toBe(403);
  });

  test("ends when it signs out, which forgets the cookie", async () => {
    const { server } = await start();
    const cookie = cookieOf(await signIn(server));
    const other = cookieOf(await signIn(server));
    const answer = await server.inject({ method: "DELETE", url: path, headers: { cookie, ...console } });
    expect(answer.status).toBe(204);
    expect(answer.headers["set-cookie"]).toMatch(/^postern_session=; Path=\/; Max-Age=0;/);
    expect(refusal(await askAs(server, cookie))).toBe("401 APIGW.0301");
    expect((await askAs(server, other)).status).toBe(200);
  });

  test("ends after a day", async () => {
    const { server } = await start();
    const cookie = cookieOf(await signIn(server));
    server.clock.advance(86_400_000 - 1);
    expect((await askAs(server, cookie)).status).toBe(200);
    server.clock.advance(1);
    expect((await askAs(server, cookie)).status).toBe(401);
  });

  test("ends with a new password", async () => {
    const { server, owner } = await start();
    const cookie = cookieOf(await signIn(server));
    const { user } = (await askAs(server, cookie)).body as { user: { id: string } };
    await owner.call("PUT", `/postern/v1/users/${user.id}`, { reset_password: true });
    expect((await askAs(server, cookie)).status).toBe(401);
  });

  test("of a program with a token has no cookie to end", async () => {
    const { owner } = await start();
    expect((await owner.call("GET", path)).body).toMatchObject({ expires_at: null });
    expect(refusal(await owner.call("DELETE", path))).toBe("400 CSS.5037");
  });
});

test("signing in and out is on record, without the token", async () => {
  const { server, owner } = await start();
  const cookie = cookieOf(await signIn(server));
  await server.inject({ method: "DELETE", url: path, headers: { cookie, ...console } });
  const { body, text } = await owner.call("GET", "/postern/v1/{p}/audit?limit=2");
  expect(body["events"]).toMatchObject([{ action: "deleteSession" }, { action: "createSession" }]);
  expect(text).not.toContain(cookie.split("=")[1]);
});
