import { createHmac, hash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostern } from "../support/postern.ts";
import type { CliResult, Postern } from "../support/postern.ts";

let postern: Postern;
beforeAll(async () => {
  postern = await startPostern();
});
afterAll(() => postern.stop());

const cli = (...args: readonly string[]): Promise<CliResult> => postern.cli(args);

type Key = { readonly access_key: string; readonly secret_key: string };

/** One GET, signed as the contract says (section 4.3), without anything of the product's. */
async function getSigned(key: Key, path: string): Promise<number> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const canonical = `GET\n${path}/\n\nx-sdk-date:${date}\n\nx-sdk-date\n${hash("sha256", "")}`;
  const text = `SDK-HMAC-SHA256\n${date}\n${hash("sha256", canonical)}`;
  const signature = createHmac("sha256", key.secret_key).update(text).digest("hex");
  const authorization = `SDK-HMAC-SHA256 Access=${key.access_key}, SignedHeaders=x-sdk-date, Signature=${signature}`;
  const answer = await fetch(new URL(path, postern.endpoint), {
    headers: { "x-sdk-date": date, authorization, connection: "close" },
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function signIn(name: string, password: string): Promise<{ status: number; token: string }> {
  const user = { name, password, domain: { name: "postern" } };
  const identity = { methods: ["password"], password: { user } };
  const body = { auth: { identity, scope: { project: { id: postern.admin.project_id } } } };
  const { status, headers } = await postern.api("POST", "/v3/auth/tokens", body);
  return { status, token: headers.get("x-subject-token") ?? "" };
}

const listWith = async (token: string): Promise<number> =>
  (await postern.api("GET", "/v1.0/{pid}/clusters", undefined, { "X-Auth-Token": token })).status;

test("what the first start wrote signs in by password and by key", async () => {
  const { user, password, project_id: project } = postern.admin;
  const { status, token } = await signIn(user, password);
  expect([status, await listWith(token)]).toEqual([201, 200]);
  expect(await getSigned(postern.admin, `/v1.0/${project}/clusters`)).toBe(200);
  expect(await getSigned({ ...postern.admin, secret_key: "x" }, `/v1.0/${project}/clusters`)).toBe(401);
});

test("account create prints everything to sign in, once", async () => {
  const made = await cli("account", "create", "team-a", "--project", "search");
  expect([made.code, made.stderr]).toEqual([0, "Store these credentials now: they are not shown again.\n"]);
  const secret = /Secret key +(\S{40})/.exec(made.stdout)?.[1] ?? "no secret";
  const { stdout } = await cli("account", "list");
  expect(stdout).toMatch(/^NAME .*\npostern .*\nteam-a /);
  expect(stdout).not.toContain(secret);
});

test("project create and list", async () => {
  expect((await cli("project", "create", "search")).stdout).toMatch(
    /^Created project search as [0-9a-f]{32}\./,
  );
  expect((await cli("project", "list")).stdout).toMatch(/\nsearch +[0-9a-f]{32}/);
  expect((await cli("project", "create", "search")).code).toBe(1);
});

test("account and project delete ask first, rehearse without asking, and spare one's own", async () => {
  const { stdout } = await cli("account", "create", "team-b");
  const token = /Token +(\S+)/.exec(stdout)?.[1] ?? "";
  const asked = await cli("account", "delete", "team-b");
  expect([asked.code, asked.stderr]).toMatchObject([2, expect.stringContaining("Repeat it with --yes")]);
  expect((await cli("account", "delete", "team-b", "--dry-run")).stdout).toContain("Nothing was changed.");
  const domains = () => postern.api("GET", "/v3/auth/domains", undefined, { "X-Auth-Token": token });
  expect((await domains()).status).toBe(200);
  expect((await cli("account", "delete", "team-b", "--yes")).stdout).toBe(
    "Account team-b is deleted, with all users, keys and tokens.\n",
  );
  expect((await domains()).status).toBe(401);
  expect((await cli("account", "delete", "postern", "--yes")).stderr).toContain(
    "Nobody deletes his own account",
  );
  await cli("project", "create", "short");
  expect((await cli("project", "delete", "short", "--yes")).stdout).toBe("Project short is deleted.\n");
  expect((await cli("project", "list")).stdout).not.toContain("short");
});

test("a user is made, given other rights, a new password, and deleted, by name", async () => {
  const made = await cli("user", "create", "eve");
  const password = /Role +reader\nPassword +(\S{24})/.exec(made.stdout)?.[1] ?? "";
  const { status, token } = await signIn("eve", password);
  expect([status, await listWith(token)]).toEqual([201, 200]);
  const set = await cli("user", "set", "eve", "--role", "custom", "--allow", "css:VPCEndpoint:*");
  expect(set.stdout).toBe("User eve is custom and may css:VPCEndpoint:* now.\n");
  expect(await listWith(token)).toBe(400);
  expect((await cli("user", "list")).stdout).toMatch(/eve +[0-9a-f]{32} +custom +css:VPCEndpoint:\* /);
  expect((await cli("user", "reset-password", "eve")).stdout).toMatch(/Password +\S{24}/);
  expect([(await signIn("eve", password)).status, await listWith(token)]).toEqual([401, 401]);
  expect((await cli("user", "delete", "eve")).stdout).toContain("User eve is deleted");
  const missing = await cli("user", "delete", "eve");
  expect([missing.code, missing.stderr]).toMatchObject([1, expect.stringContaining('no user "eve"')]);
});

test("a key replaces another without a gap", async () => {
  await cli("user", "create", "robot");
  const create = async (): Promise<Key> => {
    const key: Key = JSON.parse((await cli("key", "create", "--user", "robot", "--json")).stdout);
    return key;
  };
  const path = `/v1.0/${postern.admin.project_id}/clusters`;
  const [old, next] = [await create(), await create()];
  expect([await getSigned(old, path), await getSigned(next, path)]).toEqual([200, 200]);
  expect((await cli("key", "create", "--user", "robot")).stderr).toContain("has 2 keys already");
  expect((await cli("key", "delete", old.access_key)).stdout).toBe(`Key ${old.access_key} is deleted.\n`);
  expect([await getSigned(old, path), await getSigned(next, path)]).toEqual([401, 200]);
  const { stdout } = await cli("key", "list", "--user", "robot");
  expect(stdout).toContain(next.access_key);
  expect(stdout).not.toContain(next.secret_key);
  expect(stdout).not.toContain(old.access_key);
});

test("a token survives a restart of the server", async () => {
  const { user, password } = postern.admin;
  const { token } = await signIn(user, password);
  const { server } = await postern.pids();
  process.kill(server, "SIGKILL");
  const isBack = async (): Promise<boolean> => {
    try {
      return (await listWith(token)) === 200;
    } catch {
      return false;
    }
  };
  await expect.poll(isBack, { timeout: 20_000, interval: 50 }).toBe(true);
  expect((await postern.pids()).server).not.toBe(server);
});
