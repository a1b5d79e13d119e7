import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Account, Project, Token } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashToken, newToken } from "../../lib/secrets.ts";
import { record } from "../actions/record.ts";
import { defineOperation } from "../operation.ts";
import { entryOfUser, identity, name, prove, type Proof } from "./proof.ts";
import { renderSession, type Session } from "./session.ts";
import { Type } from "../type-builder.ts";

/** Tokens of one user that are good at once; one more ends the oldest. */
export const sessionsLimit = 1_000;

const named = Type.Object({ id: Type.Optional(name), name: Type.Optional(name) });
const body = Type.Object({
  auth: Type.Object({
    identity,
    scope: Type.Optional(Type.Object({ project: Type.Optional(named), domain: Type.Optional(named) })),
  }),
});
type Scope = Static<typeof body>["auth"]["scope"];
const query = Type.Object({ nocatalog: Type.Optional(Type.String({ maxLength: 64 })) });

/** Signs in with a password, or goes to another scope with a token. */
export const createToken = defineOperation({
  id: "KeystoneCreateUserTokenByPassword",
  method: "POST",
  path: "/v3/auth/tokens",
  action: "iam:tokens:create",
  access: "public",
  protocol: "iam",
  schemas: { query, body },
  async handle(request, context) {
    const { auth } = request.body;
    const proof = await prove(context, request, auth.identity);
    const secret = newToken();
    const audit = entryOfUser(request, proof.user, "createToken");
    const session = await record(context, request, audit, (tx) =>
      openSession(tx, proof, auth.scope, secret, context.clock.now()),
    );
    return {
      status: 201,
      headers: { "x-subject-token": secret },
      body: renderSession(session, request, context, !request.query.nocatalog),
    };
  },
});

/** Writes a token of what was proven. @throws PosternError credentials_wrong */
export async function openSession(
  tx: Repositories,
  { user, methods, expiresAt, holds }: Proof,
  scope: Scope,
  secret: string,
  now: number,
): Promise<Session> {
  const account = await tx.identity.account(user.accountId);
  if (!account || !(await holds(tx))) {
    throw new PosternError("credentials_wrong", "The credentials were taken back meanwhile. Sign in again.");
  }
  const project = await findScope(tx, account, scope);
  const token: Token = {
    hash: hashToken(secret),
    userId: user.id,
    projectId: project?.id ?? null,
    methods,
    expiresAt,
    createdAt: now,
  };
  await tx.identity.insertToken(token);
  await tx.identity.trimSessions(user.id, sessionsLimit, now);
  return { user, account, project, token };
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
