import { PosternError } from "../../domain/errors.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashToken, newToken } from "../../lib/secrets.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { openSession } from "../iam/create-token.ts";
import { entryOfUser, name, prove } from "../iam/proof.ts";
import { renderTime } from "../iam/render.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { cookieToken, sessionCookie } from "../session-cookie.ts";
import { sessionAnswer } from "../answers/session.ts";
import { Type } from "../type-builder.ts";

const body = Type.Object({
  account: name,
  user: name,
  password: Type.String({ minLength: 1, maxLength: 256 }),
  project: Type.Optional(name),
});

/** Signs a browser in: its token goes into a cookie that scripts do not see. */
export const createSession = defineOperation({
  id: "CreateSession",
  method: "POST",
  path: "/postern/v1/session",
  action: "iam:tokens:create",
  access: "public",
  schemas: { body, answer: sessionAnswer },
  async handle(request, context) {
    const { account, user, password, project } = request.body;
    const proof = await prove(context, request, {
      methods: ["password"],
      password: { user: { name: user, password, domain: { name: account } } },
    });
    const secret = newToken();
    const audit = entryOfUser(request, proof.user, "createSession");
    const shown = await record(context, request, audit, async (tx) => {
      const wanted = project ?? (await firstProject(tx, proof.user.accountId));
      const now = context.clock.now();
      const { token } = await openSession(tx, proof, { project: { name: wanted } }, secret, now);
      if (token.projectId === null) throw new TypeError("a session was opened without its project");
      return render(
        tx,
        { ...proof.user, userId: proof.user.id, projectId: token.projectId },
        token.expiresAt,
      );
    });
    const maxAgeS = Math.max(1, Math.floor((proof.expiresAt - context.clock.now()) / 1_000));
    return {
      status: 201,
      headers: { "set-cookie": sessionCookie(secret, maxAgeS, request.headers) },
      body: shown,
    };
  },
});

/** Tells whoever is signed in, in whatever way, who he is. */
export const showSession = defineOperation({
  id: "ShowSession",
  method: "GET",
  path: "/postern/v1/session",
  action: "iam:tokens:get",
  access: "signed_in",
  schemas: { answer: sessionAnswer },
  async handle({ principal, headers }, { store }) {
    const secret = cookieToken(headers);
    return store.read(async (tx) => {
      const token = secret === undefined ? undefined : await tx.identity.tokenByHash(hashToken(secret));
      return { body: await render(tx, principal, token?.expiresAt ?? null) };
    });
  },
});

/** Ends a browser's session. */
export const deleteSession = defineOperation({
  id: "DeleteSession",
  method: "DELETE",
  path: "/postern/v1/session",
  action: "iam:tokens:revoke",
  access: "signed_in",
  schemas: {},
  async handle(request, context) {
    const secret = cookieToken(request.headers);
    if (secret === undefined) {
      throw new PosternError(
        "missing_parameter",
        "The request has no session cookie. There is nothing to end.",
      );
    }
    const hash = hashToken(secret);
    const audit = auditEntry(request, "deleteSession", `token/${hash.slice(0, 16)}`);
    await record(context, request, audit, (tx) => tx.identity.deleteToken(hash));
    return { status: 204, headers: { "set-cookie": sessionCookie("", 0, request.headers) } };
  },
});

async function firstProject(tx: Repositories, account: Principal["accountId"]): Promise<string> {
  const [first] = await tx.identity.projects(account);
  if (first) return first.name;
  throw new PosternError("credentials_wrong", "The account has no project to sign in to.");
}

type Who = Pick<Principal, "userId" | "accountId" | "projectId" | "role" | "actions" | "isOperator">;

async function render(tx: Repositories, who: Who, expiresAt: number | null): Promise<object> {
  const user = await tx.identity.user(who.userId);
  const account = await tx.identity.account(who.accountId);
  const projects = await tx.identity.projects(who.accountId);
  return {
    user: { id: who.userId, name: user?.name ?? "" },
    account: { id: who.accountId, name: account?.name ?? "" },
    project_id: who.projectId,
    projects: projects.map((project) => ({ id: project.id, name: project.name })),
    role: who.role,
    actions: who.actions,
    is_operator: who.isOperator,
    expires_at: expiresAt === null ? null : renderTime(expiresAt),
  };
}
