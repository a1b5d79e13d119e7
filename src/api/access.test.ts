import { describe, expect, test } from "vitest";
import { hashToken, newToken } from "../lib/secrets.ts";
import { newHexId, type UserId } from "../domain/ids.ts";
import type { Role } from "../domain/roles.ts";
import { operations } from "./operations.ts";
import { refusal, startTestServer, type Answer, type Tenant, type TestServer } from "./test-server.ts";
import { signed } from "./test-signer.ts";

/** Reads that are asked for with POST, because their question is a body. */
const readsByPost = new Set(["ListResourceInstances", "VerifyAuditLines"]);
/** Writes on what is one's own: everybody who signed in may make them. */
const ownWrites = new Set([
  "KeystoneRevokeToken",
  "CreateTemporaryAccessKeyByToken",
  "CreateAccessKey",
  "DeleteAccessKey",
  "DeleteSession",
]);

const protectedOperations = operations
  .filter(({ access }) => access !== "public")
  .map(({ id, method, path, action, protocol = "css" }) => ({ id, method, path, action, protocol }));
type Row = (typeof protectedOperations)[number];

/** What says that the access rules refuse an action, and that a project is not the caller's. */
const forbidden = { css: "400 CSS.0051", vpcep: "403 EndPoint.0004", iam: "403 403" };
const foreign = { css: "403 CSS.0015", vpcep: "403 EndPoint.0004", iam: "none" };

function urlOf({ path }: Row, projectId: string): string {
  return path
    .replace(":project_id", projectId)
    .replaceAll(/:[a-z_]+/g, "00000000-0000-4000-8000-000000000404");
}

function ask(server: TestServer, row: Row, owner: Tenant, token: string | undefined): Promise<Answer> {
  return server.inject({
    method: row.method,
    url: urlOf(row, owner.projectId),
    headers: token === undefined ? {} : { "x-auth-token": token },
  });
}

/** Returns the token of another user of the account. */
async function tokenAs(server: TestServer, owner: Tenant, role: Role): Promise<string> {
  const token = newToken();
  const user = {
    id: newHexId<UserId>(),
    accountId: owner.accountId,
    name: role,
    passwordHash: "x",
    isOperator: false,
    role,
    actions: [],
    createdAt: 1,
  };
  const { projectId } = owner;
  const kept = {
    hash: hashToken(token),
    userId: user.id,
    projectId,
    methods: [],
    expiresAt: null,
    createdAt: 1,
  };
  await server.store.observe(async ({ identity }) => {
    await identity.insertUser(user);
    await identity.insertToken(kept);
  });
  return token;
}

const reasonOf = (answer: Answer): string => String(answer.body["error_msg"]);

describe.each(protectedOperations)("$id", (row) => {
  test("who may, and who may not", async () => {
    const server = await startTestServer();
    const [owner, stranger] = [await server.tenant("owner", true), await server.tenant("stranger", true)];
    const { revision } = server.store;

    const nobody = await ask(server, row, owner, undefined);
    expect([refusal(nobody), reasonOf(nobody)]).toEqual([
      "401 APIGW.0301",
      "Incorrect IAM authentication information: x-auth-token not found",
    ]);

    const over = await ask(server, row, owner, await owner.expiringToken(server.clock.now()));
    expect(refusal(over)).toBe("401 APIGW.0301");
    expect(reasonOf(over)).toContain("token expires, expires_at:");

    const wrong = { id: "AKowner", secret: "SX" };
    const forged = signed(wrong, urlOf(row, owner.projectId), server.clock.now(), { method: row.method });
    const answered = await server.inject(forged);
    expect(refusal(answered)).toBe("401 APIGW.0301");
    expect(reasonOf(answered)).toContain(`verify aksk signature fail, canonicalRequest:${row.method}|/`);

    const abroad = await ask(server, row, owner, stranger.token);
    const isOfAProject = row.path.includes(":project_id");
    expect(!isOfAProject || refusal(abroad) === foreign[row.protocol]).toBe(true);

    const custom = await ask(server, row, owner, await tokenAs(server, owner, "custom"));
    const reader = await ask(server, row, owner, await tokenAs(server, owner, "reader"));
    const isRead = row.method === "GET" || readsByPost.has(row.id);
    const isOpen = operations.find(({ id }) => id === row.id)?.access === "signed_in";
    expect(isOpen && !isRead).toBe(ownWrites.has(row.id));
    expect(isForbidden(custom, row)).toBe(!isOpen);
    expect(isForbidden(reader, row)).toBe(!isRead && !isOpen);
    expect(server.store.revision === revision || (isOpen && !isRead) || !isOfAProject).toBe(true);

    const administrator = await ask(server, row, owner, owner.token);
    expect(isForbidden(administrator, row)).toBe(false);
    expect(administrator.status).not.toBe(401);
    // An absent body is the endpoint service's 504.
    const { status, body } = administrator;
    expect(status < 500 || `${status} ${String(body["error_code"])}` === "504 EndPoint.0011").toBe(true);
  });
});

function isForbidden(answer: Answer, { protocol, action }: Row): boolean {
  if (!answer.text.includes(`Policy doesn't allow ${action} to be performed`)) return false;
  expect(refusal(answer)).toBe(forbidden[protocol]);
  return true;
}
