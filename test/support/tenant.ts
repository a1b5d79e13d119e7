import { callApi } from "./api.ts";
import type { Api } from "./api.ts";
import type { Admin, Postern } from "./postern.ts";

/** An account with its own project, as it calls the API. */
export type Tenant = { readonly admin: Admin; readonly api: Api };

/** Has the operator make an account. @throws Error with the answer when that is refused. */
export async function createTenant(postern: Postern, name: string): Promise<Tenant> {
  const made = await postern.api<Omit<Admin, "endpoint">>("POST", "/postern/v1/accounts", { name });
  if (made.status !== 200) throw new Error(`The account ${name} was refused: ${JSON.stringify(made.body)}`);
  const admin = { endpoint: postern.endpoint, ...made.body };
  return { admin, api: (method, path, body, headers = {}) => callApi(admin, method, path, body, headers) };
}
