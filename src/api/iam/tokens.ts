import { PosternError } from "../../domain/errors.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashToken } from "../../lib/secrets.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { checkIfMatch } from "../etag.ts";
import { defineOperation, type OperationRequest } from "../operation.ts";
import { renderSession, sessionEtag, type Session } from "./session.ts";
import { Type } from "../type-builder.ts";

const query = Type.Object({ nocatalog: Type.Optional(Type.String({ maxLength: 64 })) });

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
      headers: { "x-subject-token": subjectToken(request), etag: sessionEtag(session) },
      body: renderSession(session, request, context, !request.query.nocatalog),
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
    const resource = `token/${hashToken(subjectToken(request)).slice(0, 16)}`;
    await record(context, request, auditEntry(request, "revokeToken", resource), async (tx) => {
      const session = await requireSession(tx, request, context.clock.now());
      checkIfMatch(request.ifMatch, sessionEtag(session));
      await tx.identity.deleteToken(session.token.hash);
    });
    return { status: 204 };
  },
});

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
