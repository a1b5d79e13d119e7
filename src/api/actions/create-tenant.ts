import { newHexId, type AccountId, type ProjectId, type UserId } from "../../domain/ids.ts";
import { PosternError } from "../../domain/errors.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashPassword, hashToken, newAccessKeyPair, newPassword, newToken } from "../../lib/secrets.ts";
import { insertVpc } from "./insert-vpc.ts";

export interface TenantWish {
  readonly accountName: string;
  readonly projectName: string;
  readonly userName: string;
  readonly isOperator: boolean;
}

/** What a tenant needs to sign in. Returned once: only hashes and sealed secrets are kept. */
export interface TenantCredentials {
  readonly account_id: AccountId;
  readonly project_id: ProjectId;
  readonly user: string;
  readonly password: string;
  readonly access_key: string;
  readonly secret_key: string;
  readonly token: string;
}

/** Secrets of a new tenant, and what is kept of them. Hashing takes a while: do it before the transaction. */
export interface TenantSecrets {
  readonly password: string;
  readonly passwordHash: string;
  readonly key: { readonly id: string; readonly secret: string };
  readonly token: string;
}

export async function newTenantSecrets(): Promise<TenantSecrets> {
  const password = newPassword();
  return { password, passwordHash: await hashPassword(password), key: newAccessKeyPair(), token: newToken() };
}

/**
 * Makes an account with a project, a user, an access key, a token and a default VPC.
 * @throws PosternError already_in_use where the account's name is taken
 */
export async function createTenant(
  tx: Repositories,
  seal: (plain: string) => string,
  wish: TenantWish,
  secrets: TenantSecrets,
  now: number,
): Promise<TenantCredentials> {
  if (await tx.identity.accountByName(wish.accountName)) {
    throw new PosternError("already_in_use", `An account named ${wish.accountName} exists already.`);
  }
  const { identity } = tx;
  const { password, passwordHash, key, token } = secrets;
  const { userName, isOperator } = wish;
  const accountId = newHexId<AccountId>();
  const projectId = newHexId<ProjectId>();
  const userId = newHexId<UserId>();
  const times = { createdAt: now };
  const rights = { role: "administrator", actions: [] } as const;
  await identity.insertAccount({ id: accountId, name: wish.accountName, ...times });
  await identity.insertProject({ id: projectId, accountId, name: wish.projectName, ...times });
  await identity.insertUser({
    id: userId,
    accountId,
    name: userName,
    passwordHash,
    isOperator,
    ...rights,
    ...times,
  });
  await identity.insertAccessKey({
    id: key.id,
    userId,
    sealedSecret: seal(key.secret),
    securityToken: null,
    ...times,
  });
  await identity.insertToken({
    hash: hashToken(token),
    userId,
    projectId,
    methods: [],
    expiresAt: null,
    ...times,
  });
  await insertVpc(tx, projectId, { name: "default" }, now);
  return {
    account_id: accountId,
    project_id: projectId,
    user: userName,
    password,
    access_key: key.id,
    secret_key: key.secret,
    token,
  };
}
