import type { IncomingHttpHeaders } from "node:http";
import { PosternError } from "../../domain/errors.ts";
import type { AccessKey, User } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { newAccessKeyPair } from "../../lib/secrets.ts";
import { commit } from "../actions/commit.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { requireRightsFor, requireUser } from "./users.ts";
import { Type } from "../type-builder.ts";

/** Two, so that one can be replaced while the other works (the cloud has the same limit). */
const keysLimit = 2;
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
const userId = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }));

/** Makes a key of the caller, or of another user for an administrator. The secret is shown this one time. */
export const createAccessKey = defineOperation({
  id: "CreateAccessKey",
  method: "POST",
  path: "/postern/v1/keys",
  action: "postern:key:create",
  access: "signed_in",
  schemas: { body: Type.Object({ user_id: userId }) },
  async handle(request, context) {
    const { id, secret } = newAccessKeyPair();
    const sealedSecret = context.seal(secret);
    requireLasting(request.headers);
    const { result, headers } = await commit(context, request, "createAccessKey", `key/${id}`, async (tx) => {
      const user = await requireOwnOrManaged(tx, request.principal, request.body.user_id);
      if ((await permanentKeys(tx, user)).length >= keysLimit) {
        throw new PosternError(
          "quota_exceeded",
          `User ${user.name} has ${keysLimit} keys already. Delete one that nothing uses any more.`,
        );
      }
      const key = { id, userId: user.id, sealedSecret, securityToken: null, createdAt: context.clock.now() };
      await tx.identity.insertAccessKey(key);
      return user;
    });
    return { headers, body: { access_key: id, secret_key: secret, user: result.name, user_id: result.id } };
  },
});

export const listAccessKeys = defineOperation({
  id: "ListAccessKeys",
  method: "GET",
  path: "/postern/v1/keys",
  action: "postern:key:list",
  access: "signed_in",
  schemas: { query: Type.Object({ user_id: userId }) },
  async handle({ principal, query }, { store }) {
    return store.read(async (tx) => {
      const user = await requireOwnOrManaged(tx, principal, query.user_id);
      const keys = (await permanentKeys(tx, user)).map((key) => renderKey(key, user));
      return { body: { keys, total_count: keys.length } };
    });
  },
});

export const showAccessKey = defineOperation({
  id: "ShowAccessKey",
  method: "GET",
  path: "/postern/v1/keys/:id",
  action: "postern:key:get",
  access: "signed_in",
  schemas: { params },
  async handle({ principal, params: { id } }, { store }) {
    return store.read(async (tx) => {
      const { key, user } = await requireKey(tx, principal, id);
      return { headers: { etag: contentEtag(key) }, body: renderKey(key, user) };
    });
  },
});

/** The key is refused from the next request on. */
export const deleteAccessKey = defineOperation({
  id: "DeleteAccessKey",
  method: "DELETE",
  path: "/postern/v1/keys/:id",
  action: "postern:key:delete",
  access: "signed_in",
  schemas: { params },
  async handle(request, context) {
    const { id } = request.params;
    const { headers } = await commit(context, request, "deleteAccessKey", `key/${id}`, async (tx) => {
      const { key } = await requireKey(tx, request.principal, id);
      checkIfMatch(request.ifMatch, contentEtag(key));
      await tx.identity.deleteAccessKey(key.id);
    });
    return { status: 204, headers };
  },
});

async function permanentKeys(tx: Repositories, user: User) {
  return (await tx.identity.accessKeys(user.id)).filter((key) => key.securityToken === null);
}

function renderKey({ id, createdAt }: AccessKey, user: User): object {
  return { id, user: user.name, user_id: user.id, created_at: renderTime(createdAt) };
}

/** @throws PosternError forbidden; resource_not_found: also for another account's key */
async function requireKey(
  tx: Repositories,
  principal: Principal,
  id: string,
): Promise<{ readonly key: AccessKey; readonly user: User }> {
  const key = await tx.identity.accessKey(id);
  const owner = key && (await tx.identity.user(key.userId));
  if (!key || owner?.accountId !== principal.accountId) {
    throw new PosternError("resource_not_found", `Key ${id} does not exist in this account.`);
  }
  return { key, user: await requireOwnOrManaged(tx, principal, owner.id) };
}

/** @throws PosternError forbidden, where a temporary key would become a permanent one */
function requireLasting(headers: IncomingHttpHeaders): void {
  if (headers["x-security-token"] === undefined) return;
  throw new PosternError("forbidden", "A temporary access key makes no permanent one. Sign in otherwise.");
}

/** @throws PosternError forbidden, resource_not_found */
async function requireOwnOrManaged(
  tx: Repositories,
  principal: Principal,
  id: string | undefined,
): Promise<User> {
  const user = await requireUser(tx, principal, id ?? principal.userId);
  if (user.id !== principal.userId) requireRightsFor(principal, user);
  return user;
}
