import { transition } from "../../domain/endpoint-state.ts";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type AccountId, type PermissionId } from "../../domain/ids.ts";
import type { EndpointService, Permission } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { isWhitelisted, parsePermission } from "../../domain/whitelist.ts";

/**
 * Makes `entries` the whole whitelist. Entries that were there keep their id and time. Unless the service says
 * otherwise, endpoints of accounts that are no longer on it are rejected.
 * @param entries bare account ids, or `*`
 * @throws PosternError bad_parameter
 */
export async function replaceWhitelist(
  tx: Repositories,
  service: EndpointService,
  owner: AccountId,
  entries: readonly string[],
  now: number,
): Promise<void> {
  const wanted = new Set(entries.map(parseEntry));
  const present = await tx.services.permissions(service.id);
  const gone = present.filter((entry) => !wanted.has(entry.permission));
  const known = new Set(present.map((entry) => entry.permission));
  await tx.services.deletePermissions(gone.map((entry) => entry.id));
  await tx.services.insertPermissions(
    [...wanted]
      .filter((permission) => !known.has(permission))
      .map((permission) => entryOf(service, permission, now)),
  );
  if (service.reconcileConnections) await rejectOthers(tx, service, owner, wanted, now);
}

function parseEntry(entry: string): string {
  const permission = parsePermission(entry);
  if (permission !== undefined) return permission;
  throw new PosternError(
    "bad_parameter",
    `"${entry}" is no account id. Give ids of letters and digits, or * for every account.`,
  );
}

function entryOf(service: EndpointService, permission: string, now: number): Permission {
  return {
    id: newUuid<PermissionId>(),
    serviceId: service.id,
    permission,
    permissionType: "domainId",
    description: "",
    createdAt: now,
  };
}

/** Rejects the endpoints of accounts that the whitelist does not admit. */
export async function rejectOthers(
  tx: Repositories,
  service: EndpointService,
  owner: AccountId,
  permissions: Iterable<string>,
  now: number,
): Promise<void> {
  for (const endpoint of await tx.endpoints.allOfService(service.id)) {
    if (isWhitelisted(permissions, owner, endpoint.accountId)) continue;
    const next = transition(endpoint, "leave_whitelist");
    if (next !== endpoint) await tx.endpoints.setState(endpoint.id, next, now);
  }
}
