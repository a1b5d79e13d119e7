import { PosternError } from "../../domain/errors.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { isWhitelisted } from "../../domain/whitelist.ts";

/** @throws PosternError account_not_allowed where the account may not connect to the service */
export async function requireAdmission(
  tx: Repositories,
  service: EndpointService,
  owner: AccountId,
  account: AccountId,
): Promise<void> {
  const permissions = (await tx.services.permissions(service.id)).map((entry) => entry.permission);
  if (isWhitelisted(permissions, owner, account)) return;
  throw new PosternError(
    "account_not_allowed",
    `Account ${account} is not allowed to connect to ${service.name}. Ask its owner to whitelist it.`,
  );
}
