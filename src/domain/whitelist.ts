import type { AccountId } from "./ids.ts";
import type { Permission } from "./resources.ts";

/** Stands for every account, also behind the prefix. Has to be asked for; lists show a warning where it is present. */
const everyone = "*";
const accountPrefix = "iam:domain::";
/** Every way to admit every account; each is kept as it was sent (contract section 3.5). */
export const everyonePermissions: readonly string[] = [everyone, accountPrefix + everyone];
/** Account ids in a whitelist: letters and digits, at most 64 (contract section 3.5). */
const accountPattern = /^[A-Za-z0-9]{1,64}$/;

/** Most entries of one whitelist: as many as an import takes. Each costs a scan when an endpoint is created. */
export const whitelistLimit = 1_000;

/**
 * Returns the permission as it is stored and shown: `iam:domain::ID`, `iam:domain::*` or `*`.
 * @param entry a bare account id or `*`, or one with the prefix (contract sections 1.5 and 3.5)
 * @returns undefined for anything else
 */
export function parsePermission(entry: string): string | undefined {
  if (everyonePermissions.includes(entry)) return entry;
  const bare = entry.startsWith(accountPrefix) ? entry.slice(accountPrefix.length) : entry;
  return accountPattern.test(bare) ? accountPrefix + bare : undefined;
}

/** Returns a permission of either type as it is stored and shown; undefined for any other text. */
export function parsePermissionOf(entry: string, type: Permission["permissionType"]): string | undefined {
  return type === "domainId" ? parsePermission(entry) : /^organizations:orgPath::[^<>\s]+$/.exec(entry)?.[0];
}

export function permissionOf(account: AccountId): string {
  return accountPrefix + account;
}

/** Whether the account may connect. The owner always may; an empty list admits nobody else (invariant 4). */
export function isWhitelisted(permissions: Iterable<string>, owner: AccountId, account: AccountId): boolean {
  if (account === owner) return true;
  const wanted = permissionOf(account);
  for (const permission of permissions) {
    if (permission === wanted || everyonePermissions.includes(permission)) return true;
  }
  return false;
}
