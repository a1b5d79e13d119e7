import { Type, type Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Account, Project, Token, User } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashToken, newToken } from "../../lib/secrets.ts";
import { record } from "../actions/record.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type ApiContext, type OperationRequest } from "../operation.ts";
import { originOf, renderCatalog, renderTime } from "./render.ts";

/** Contract section 4.1. */
const validityMs = 24 * 3_600_000;
/** Tokens of one user that are good at once; one more ends the oldest. */
export const sessionsLimit = 1_000;

const name = Type.String({ minLength: 1, maxLength: 128 });
const named = Type.Object({ id: Type.Optional(name), name: Type.Optional(name) });
const body = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(name, { minItems: 1, maxItems: 4 }),
      password: Type.Object({
        user: Type.Object({
          name,
          password: Type.String({ minLength: 1, maxLength: 256 }),
          domain: Type.Object({ name }),
        }),
      }),
    }),
    scope: Type.Optional(Type.Object({ project: Type.Optional(named), domain: Type.Optional(named) })),
  }),
});
type Scope = Static<typeof body>["auth"]["scope"];
const query = Type.Object({ nocatalog: Type.Optional(Type.String({ maxLength: 64 })) });

interface Session {
  readonly user: User;
  readonly account: Account;
  /** null: the whole account. */
  readonly project: Project | null;
  readonly token: Token;
}

/** Signs in with a password. */
export const createToken = defineOperation({
  id: "KeystoneCreateUserTokenByPassword",
  method: "POST",
  path: "/v3/auth/tokens",
  action: "iam:tokens:create",
  access: "public",
  protocol: "iam",
  schemas: { query, body },
  async handle(request, context) {
    const { identity, scope } = request.body.auth;
    if (identity.methods.length !== 1 || identity.methods[0] !== "password") {
      throw new PosternError("bad_parameter", 'The body auth.identity.methods must be ["password"].');
    }
    const wish = identity.password.user;
    const account = await context.store.identity.accountByName(wish.domain.name);
    const user = account && (await context.store.identity.userByName(account.id, wish.name));
    await context.passwords.check(
      `${wish.domain.name}/${wish.name}`,
      wish.password,
      user?.passwordHash,
      async () => {
        // A name that nobody has is locked too, and leaves no trace: whoever makes names up could fill the disk.
        if (user) await recordLock(context, request, user);
      },
    );
    // The check throws where there is no user; this tells the compiler.
    if (!account || !user) throw new PosternError("credentials_wrong", "The username or password is wrong.");
    const secret = newToken();
    const audit = { actor: user.id, action: "createToken", resource: `user/${user.id}` };
    const session = await record(context, request, audit, async (tx) => {
      await requireSamePassword(tx, user);
      const project = await findScope(tx, account, scope);
      const token = newSession(user, project, secret, context.clock.now());
      await tx.identity.insertToken(token);
      await tx.identity.trimSessions(user.id, sessionsLimit, token.createdAt);
      return { user, account, project, token };
    });
    return {
      status: 201,
      headers: { "x-subject-token": secret },
      body: render(session, request, context, !request.query.nocatalog),
    };
  },
});

export const showToken = defineOperation({
  id: "KeystoneValidateToken",
  method: "GET",
  path: "/v3/auth/tokens",
  action: "iam:tokens:get",
  access: "signed_in",
  protocol: "iam",
  schemas: { query },
  async handle(request, context) {
    const session = await context.store.read((tx) => requireSession(tx, request, context.clock.now()));
    return {
      headers: { "x-subject-token": subjectToken(request), etag: etagOf(session) },
      body: render(session, request, context, !request.query.nocatalog),
    };
  },
});

export const revokeToken = defineOperation({
  id: "KeystoneRevokeToken",
  method: "DELETE",
  path: "/v3/auth/tokens",
  action: "iam:tokens:revoke",
  access: "signed_in",
  protocol: "iam",
  schemas: {},
  async handle(request, context) {
    const { userId } = request.principal;
    const resource = `token/${hashToken(subjectToken(request)).slice(0, 16)}`;
    await record(context, request, { actor: userId, action: "revokeToken", resource }, async (tx) => {
      const session = await requireSession(tx, request, context.clock.now());
      checkIfMatch(request.ifMatch, etagOf(session));
      await tx.identity.deleteToken(session.token.hash);
    });
    return { status: 204 };
  },
});

/** A password that was replaced while it was checked signs nobody in. @throws PosternError credentials_wrong */
async function requireSamePassword(tx: Repositories, { id, passwordHash }: User): Promise<void> {
  if ((await tx.identity.user(id))?.passwordHash === passwordHash) return;
  throw new PosternError("credentials_wrong", "The password has just been replaced. Use the new one.");
}

/** Also where a sign-in was only rehearsed: the failure counts all the same. */
async function recordLock({ store }: ApiContext, { requestId }: OperationRequest, user: User): Promise<void> {
  const audit = { actor: user.id, action: "lockPassword", resource: `user/${user.id}`, requestId };
  await store.observe(() => Promise.resolve(), audit);
}

function newSession(user: User, project: Project | null, secret: string, now: number): Token {
  return {
    hash: hashToken(secret),
    userId: user.id,
    projectId: project?.id ?? null,
    expiresAt: now + validityMs,
    createdAt: now,
  };
}

/** @throws PosternError credentials_wrong: what is another account's does not exist here */
async function findScope(tx: Repositories, account: Account, scope: Scope): Promise<Project | null> {
  const { project, domain } = scope ?? {};
  if (domain && (domain.id ?? account.id) === account.id && (domain.name ?? account.name) === account.name) {
    return null;
  }
  if (!project && !domain) return null;
  const found = (await tx.identity.projects(account.id)).find(
    ({ id, name: projectName }) => project?.id === id || (!project?.id && project?.name === projectName),
  );
  if (found) return found;
  throw new PosternError("credentials_wrong", "The scope names no project or domain of this account.");
}

function etagOf({ user, account, project, token }: Session): string {
  const { userId, expiresAt, createdAt } = token;
  return contentEtag([userId, user.name, user.role, account.name, project, expiresAt, createdAt]);
}

function subjectToken({ headers }: OperationRequest): string {
  const token = headers["x-subject-token"];
  if (typeof token === "string" && token !== "") return token;
  throw new PosternError("missing_parameter", "The X-Subject-Token header is missing.");
}

/** @throws PosternError resource_not_found: also for what the caller may not see */
async function requireSession(tx: Repositories, request: OperationRequest, now: number): Promise<Session> {
  const { principal } = request;
  const token = await tx.identity.tokenByHash(hashToken(subjectToken(request)));
  const user = token && (await tx.identity.user(token.userId));
  const account = user && (await tx.identity.account(user.accountId));
  const isTheirs =
    user?.id === principal.userId ||
    (user?.accountId === principal.accountId && principal.role === "administrator");
  if (!token || !user || !account || !isTheirs || (token.expiresAt ?? now + 1) <= now) {
    throw new PosternError("resource_not_found", "The token to look at does not exist or is over.");
  }
  const project = token.projectId === null ? null : await tx.identity.project(token.projectId);
  return { user, account, token, project: project ?? null };
}

function render(
  { user, account, project, token }: Session,
  request: OperationRequest,
  { region }: ApiContext,
  hasCatalog: boolean,
): object {
  const domain = { id: account.id, name: account.name };
  return {
    token: {
      expires_at: token.expiresAt === null ? null : renderTime(token.expiresAt),
      issued_at: renderTime(token.createdAt),
      methods: ["password"],
      ...(hasCatalog ? { catalog: renderCatalog(originOf(request), region, project?.id ?? null) } : {}),
      ...(project ? { project: { id: project.id, name: project.name, domain } } : { domain }),
      roles: [{ id: "0", name: user.role === "administrator" ? "te_admin" : user.role }],
      user: { id: user.id, name: user.name, domain, password_expires_at: "" },
    },
  };
}
