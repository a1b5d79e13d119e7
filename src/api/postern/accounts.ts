import { PosternError } from "../../domain/errors.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Account } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { commit } from "../actions/commit.ts";
import { deleteAccount as removeAccount } from "../actions/delete-tenant.ts";
import { createTenant, newTenantSecrets } from "../actions/create-tenant.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { pageQuery, readPage } from "../schema.ts";
import { Type } from "../type-builder.ts";

const accountName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const body = Type.Object({ name: accountName, project_name: Type.Optional(accountName) });

/** Operators only. The answer is the one time that the credentials are shown. */
export const createAccount = defineOperation({
  id: "CreateAccount",
  method: "POST",
  path: "/postern/v1/accounts",
  action: "postern:account:create",
  schemas: { body },
  async handle(request, context) {
    requireOperator(request.principal);
    const { name, project_name: projectName = context.region } = request.body;
    const secrets = await newTenantSecrets();
    const { result, headers } = await commit(context, request, "createAccount", `account/${name}`, (tx) =>
      createTenant(
        tx,
        context.seal,
        { accountName: name, projectName, userName: name, isOperator: false },
        secrets,
        context.clock.now(),
      ),
    );
    return { headers, body: { region: context.region, ...result } };
  },
});

export const listAccounts = defineOperation({
  id: "ListAccounts",
  method: "GET",
  path: "/postern/v1/accounts",
  action: "postern:account:list",
  schemas: { query: pageQuery },
  async handle({ principal, query }, context) {
    requireOperator(principal);
    const { items, total } = await context.store.identity.accounts(readPage(query));
    return { body: { accounts: items.map(renderAccount), total_count: total } };
  },
});

const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

export const showAccount = defineOperation({
  id: "ShowAccount",
  method: "GET",
  path: "/postern/v1/accounts/:id",
  action: "postern:account:get",
  schemas: { params },
  async handle({ principal, params: { id } }, context) {
    requireOperator(principal);
    const account = await requireAccount(context.store, id);
    return { headers: { etag: contentEtag(account) }, body: renderAccount(account) };
  },
});

/** Takes projects, users, keys and tokens along, at once. */
export const deleteAccount = defineOperation({
  id: "DeleteAccount",
  method: "DELETE",
  path: "/postern/v1/accounts/:id",
  action: "postern:account:delete",
  schemas: { params },
  async handle(request, context) {
    const { principal } = request;
    const { id } = request.params;
    requireOperator(principal);
    const { headers } = await commit(context, request, "deleteAccount", `account/${id}`, async (tx) => {
      const account = await requireAccount(tx, id);
      checkIfMatch(request.ifMatch, contentEtag(account));
      if (account.id === principal.accountId) {
        throw new PosternError(
          "state_forbids",
          "Nobody deletes his own account: an operator would lock himself out.",
        );
      }
      await removeAccount(tx, account);
    });
    return { status: 204, headers };
  },
});

function renderAccount({ id, name, createdAt }: Account): object {
  return { id, name, created_at: renderTime(createdAt) };
}

/** @throws PosternError resource_not_found */
export async function requireAccount(tx: Repositories, id: string): Promise<Account> {
  const account = await tx.identity.account(id as AccountId);
  if (account) return account;
  throw new PosternError("resource_not_found", `Account ${id} does not exist. List the accounts.`);
}

/** @param does what nobody else does @throws PosternError forbidden */
export function requireOperator(
  principal: Principal,
  does = "manages accounts, and users of other accounts",
): void {
  if (principal.isOperator) return;
  throw new PosternError("forbidden", `Only an operator of this installation ${does}.`);
}
