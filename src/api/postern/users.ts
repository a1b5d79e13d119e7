import { PosternError } from "../../domain/errors.ts";
import { newHexId, type AccountId, type UserId } from "../../domain/ids.ts";
import type { User } from "../../domain/resources.ts";
import { actionPattern, roles } from "../../domain/roles.ts";
import type { Repositories } from "../../domain/store.ts";
import { hashPassword, newPassword } from "../../lib/secrets.ts";
import { commit } from "../actions/commit.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { requireAccount, requireOperator } from "./accounts.ts";
import { Type } from "../type-builder.ts";

const usersLimit = 1_000;
const name = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const role = Type.Optional(stringEnum(roles));
const actions = Type.Optional(
  Type.Array(Type.String({ maxLength: 100, pattern: actionPattern }), { maxItems: 100 }),
);
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

/** Makes a user of the caller's account or, for an operator, of any other. The answer is the one time that the password is shown. */
export const createUser = defineOperation({
  id: "CreateUser",
  method: "POST",
  path: "/postern/v1/users",
  action: "postern:user:create",
  schemas: {
    body: Type.Object({
      name,
      role,
      actions,
      account_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    }),
  },
  async handle(request, context) {
    const { principal, body } = request;
    const accountId = (body.account_id ?? principal.accountId) as AccountId;
    if (accountId !== principal.accountId) requireOperator(principal);
    const password = newPassword();
    const user: User = {
      id: newHexId<UserId>(),
      accountId,
      name: body.name,
      passwordHash: await hashPassword(password),
      isOperator: false,
      role: body.role ?? "reader",
      actions: body.actions ?? [],
      createdAt: context.clock.now(),
    };
    requireRightsFor(principal);
    const { headers } = await commit(context, request, "createUser", `user/${user.id}`, async (tx) => {
      await requireAccount(tx, accountId);
      const users = await tx.identity.users(accountId);
      if (users.some((other) => other.name === user.name)) {
        throw new PosternError("already_in_use", `This account has a user named ${user.name} already.`);
      }
      if (users.length >= usersLimit) {
        throw new PosternError("quota_exceeded", `This account has ${usersLimit} users already.`);
      }
      await tx.identity.insertUser(user);
    });
    return { headers: { ...headers, etag: contentEtag(user) }, body: { ...renderUser(user), password } };
  },
});

export const listUsers = defineOperation({
  id: "ListUsers",
  method: "GET",
  path: "/postern/v1/users",
  action: "postern:user:list",
  schemas: {},
  async handle({ principal }, context) {
    const users = await context.store.identity.users(principal.accountId);
    return { body: { users: users.map(renderUser), total_count: users.length } };
  },
});

export const showUser = defineOperation({
  id: "ShowUser",
  method: "GET",
  path: "/postern/v1/users/:id",
  action: "postern:user:get",
  schemas: { params },
  async handle({ principal, params: where }, context) {
    const user = await requireUser(context.store, principal, where.id);
    return { headers: { etag: contentEtag(user) }, body: renderUser(user) };
  },
});

/** Changes rights at once, and resets the password; that ends what was signed in with it. */
export const updateUser = defineOperation({
  id: "UpdateUser",
  method: "PUT",
  path: "/postern/v1/users/:id",
  action: "postern:user:update",
  schemas: { params, body: Type.Object({ role, actions, reset_password: Type.Optional(Type.Boolean()) }) },
  async handle(request, context) {
    const { principal, params: where, body } = request;
    const password = body.reset_password === true ? newPassword() : undefined;
    const passwordHash = password === undefined ? undefined : await hashPassword(password);
    const { result, headers } = await commit(
      context,
      request,
      "updateUser",
      `user/${where.id}`,
      async (tx) => {
        const user = await requireUser(tx, principal, where.id);
        requireRightsFor(principal, user);
        checkIfMatch(request.ifMatch, contentEtag(user));
        if (user.id === principal.userId && (body.role ?? user.role) !== user.role) {
          throw new PosternError("state_forbids", "Nobody changes his own role: ask another administrator.");
        }
        const changed: User = {
          ...user,
          role: body.role ?? user.role,
          actions: body.actions ?? user.actions,
          passwordHash: passwordHash ?? user.passwordHash,
        };
        await tx.identity.updateUser(changed);
        if (passwordHash !== undefined) await tx.identity.deleteSessions(user.id);
        return changed;
      },
    );
    return {
      headers: { ...headers, etag: contentEtag(result) },
      body: { ...renderUser(result), ...(password === undefined ? {} : { password }) },
    };
  },
});

/** Takes the user's keys and tokens along, at once. */
export const deleteUser = defineOperation({
  id: "DeleteUser",
  method: "DELETE",
  path: "/postern/v1/users/:id",
  action: "postern:user:delete",
  schemas: { params },
  async handle(request, context) {
    const { principal, params: where } = request;
    const { headers } = await commit(context, request, "deleteUser", `user/${where.id}`, async (tx) => {
      const user = await requireUser(tx, principal, where.id);
      requireRightsFor(principal, user);
      checkIfMatch(request.ifMatch, contentEtag(user));
      if (user.id === principal.userId) {
        throw new PosternError("state_forbids", "Nobody deletes himself: ask another administrator.");
      }
      await tx.identity.deleteUser(user.id);
    });
    return { status: 204, headers };
  },
});

/** @throws PosternError resource_not_found: also for another account's user */
export async function requireUser(tx: Repositories, principal: Principal, id: string): Promise<User> {
  const user = await tx.identity.user(id as UserId);
  if (user?.accountId === principal.accountId) return user;
  throw new PosternError("resource_not_found", `User ${id} does not exist in this account. List the users.`);
}

/**
 * Whoever could give rights or a password to others would have all rights, so it takes an administrator; and an
 * operator for an operator.
 * @throws PosternError forbidden
 */
export function requireRightsFor(principal: Principal, user?: User): void {
  if (principal.role === "administrator" && (principal.isOperator || user?.isOperator !== true)) return;
  throw new PosternError(
    "forbidden",
    "Only an administrator manages users, and only an operator an operator.",
  );
}

function renderUser({ id, name: userName, role: userRole, actions: allowed, createdAt }: User): object {
  return { id, name: userName, role: userRole, actions: allowed, created_at: renderTime(createdAt) };
}
