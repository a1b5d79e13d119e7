import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { commit } from "../actions/commit.ts";
import { createTenant, newTenantSecrets } from "../actions/create-tenant.ts";
import { renderTime } from "../css/render-connections.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { pageQuery, readPage } from "../schema.ts";

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
    const accounts = items.map(({ id, name, createdAt }) => ({
      id,
      name,
      created_at: renderTime(createdAt),
    }));
    return { body: { accounts, total_count: total } };
  },
});

function requireOperator(principal: Principal): void {
  if (principal.isOperator) return;
  throw new PosternError("forbidden", "Only an operator of this installation manages accounts.");
}
