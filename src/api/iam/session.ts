import type { Account, Project, Token, User } from "../../domain/resources.ts";
import { contentEtag } from "../etag.ts";
import type { ApiContext, OperationRequest } from "../operation.ts";
import { originOf, renderCatalog, renderTime } from "./render.ts";

/** A token with whom and what it is for. */
export interface Session {
  readonly user: User;
  readonly account: Account;
  /** null: the whole account. */
  readonly project: Project | null;
  readonly token: Token;
}

export function sessionEtag({ user, account, project, token }: Session): string {
  const { userId, expiresAt, createdAt } = token;
  return contentEtag([userId, user.name, user.role, account.name, project, expiresAt, createdAt]);
}

/** The token object of contract section 4.1; the secret itself goes into a header. */
export function renderSession(
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
      methods: token.methods,
      ...(hasCatalog ? { catalog: renderCatalog(originOf(request), region, project?.id ?? null) } : {}),
      ...(project ? { project: { id: project.id, name: project.name, domain } } : { domain }),
      roles: [{ id: "0", name: user.role === "administrator" ? "te_admin" : user.role }],
      user: { id: user.id, name: user.name, domain, password_expires_at: "" },
    },
  };
}
