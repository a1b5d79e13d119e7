import { scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import { refusal, startTestServer, Tenant } from "../test-server.ts";

const path = "/postern/v1/accounts";

test("an operator makes an account whose credentials work; only hashes of them are kept", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  const answer = await operator.call("POST", path, { name: "team-a" });
  const hex = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      region: "region-1",
      account_id: hex,
      project_id: hex,
      user: "team-a",
      password: expect.stringMatching(/^.{24}$/),
      access_key: expect.stringMatching(/^[A-Z0-9]{20}$/),
      secret_key: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
      token: expect.stringMatching(/^postern_/),
    },
  ]);
  const { account_id, project_id, token, password } = answer.body as Record<string, string>;
  const tenant = new Tenant(server, account_id as never, project_id as never, token ?? "");
  const vpcs = await tenant.call("GET", "/postern/v1/{p}/vpcs");
  expect(vpcs.body).toMatchObject({ vpcs: [{ name: "default" }], total_count: 1 });
  const known = await server.store.identity.project(project_id as never);
  expect(known).toMatchObject({ accountId: account_id, name: "region-1" });
  const row = await server.store.identity.tokenByHash(
    Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(token ?? ""))).toString("hex"),
  );
  const user = row && (await server.store.identity.user(row.userId));
  const [, salt = "", key] = user?.passwordHash.split("$") ?? [];
  expect(scryptSync(password ?? "", Buffer.from(salt, "base64"), 32).toString("base64")).toBe(key);
  expect(user?.isOperator).toBe(false);
});

test("the project's name may be given", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  const { body } = await operator.call("POST", path, { name: "team-a", project_name: "search" });
  const project = await server.store.identity.project(body["project_id"] as never);
  expect(project?.name).toBe("search");
});

test("a name is taken once", async () => {
  const operator = await (await startTestServer()).tenant("operator", true);
  await operator.call("POST", path, { name: "team-a" });
  expect(refusal(await operator.call("POST", path, { name: "team-a" }))).toBe("409 EndPoint.3006");
});

test("the list has every account, oldest first, in pages", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  server.clock.advance(1_000);
  const second = await server.tenant("second");
  expect((await operator.call("GET", path)).body).toEqual({
    accounts: [
      { id: operator.accountId, name: "operator", created_at: "2026-01-02T03:04:05Z" },
      { id: second.accountId, name: "second", created_at: "2026-01-02T03:04:06Z" },
    ],
    total_count: 2,
  });
  const page = await operator.call("GET", `${path}?offset=1&limit=1`);
  expect(page.body).toMatchObject({ accounts: [{ name: "second" }], total_count: 2 });
});

test("nobody else makes or sees accounts", async () => {
  const server = await startTestServer();
  const tenant = await server.tenant("tenant");
  expect(refusal(await tenant.call("POST", path, { name: "mine" }))).toBe("403 CSS.5045");
  expect(refusal(await tenant.call("GET", path))).toBe("403 CSS.5045");
  expect(await server.store.identity.accountByName("mine")).toBeUndefined();
});

test.each([
  [{}, "CSS.5037"],
  [{ name: "" }, "CSS.5038"],
  [{ name: "a b" }, "CSS.0001"],
  [{ name: 7 }, "CSS.0001"],
  [{ name: "x".repeat(65) }, "CSS.5038"],
  [{ name: "a", project_name: "" }, "CSS.5038"],
])("%j is refused", async (body, code) => {
  const operator = await (await startTestServer()).tenant("operator", true);
  expect(refusal(await operator.call("POST", path, body))).toBe(`400 ${code}`);
});
