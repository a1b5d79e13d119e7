import { PosternError } from "../../domain/errors.ts";
import { newUuid, type AccountId, type PermissionId } from "../../domain/ids.ts";
import type { EndpointService, Permission } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parsePermissionOf, whitelistLimit } from "../../domain/whitelist.ts";
import { rejectOthers } from "./replace-whitelist.ts";

export interface PermissionWish {
  readonly permission: string;
  readonly description: string;
}

/**
 * Adds entries to a whitelist and returns them; one that is there already stays as it is.
 * @throws PosternError permission_malformed, permissions_full
 */
export async function addPermissions(
  tx: Repositories,
  service: EndpointService,
  permissionType: Permission["permissionType"],
  wishes: readonly PermissionWish[],
  now: number,
): Promise<readonly Permission[]> {
  const present = new Map(
    (await tx.services.permissions(service.id)).map((entry) => [entry.permission, entry]),
  );
  const added: Permission[] = [];
  const named: Permission[] = [];
  for (const { permission: text, description } of wishes) {
    const permission = parse(text, permissionType);
    const known = present.get(permission);
    const entry = known ?? {
      id: newUuid<PermissionId>(),
      serviceId: service.id,
      permission,
      permissionType,
      description,
      createdAt: now,
    };
    if (!known) added.push(entry);
    present.set(permission, entry);
    named.push(entry);
  }
  if (present.size > whitelistLimit) {
    throw new PosternError(
      "permissions_full",
      `A whitelist holds ${whitelistLimit} entries. Remove some first.`,
    );
  }
  await tx.services.insertPermissions(added);
  return named;
}

/** Removes entries; endpoints of accounts that are no longer admitted are rejected, as when the list is replaced. */
export async function removePermissions(
  tx: Repositories,
  service: EndpointService,
  owner: AccountId,
  isMeant: (entry: Permission) => boolean,
  now: number,
): Promise<void> {
  const present = await tx.services.permissions(service.id);
  await tx.services.deletePermissions(present.filter(isMeant).map((entry) => entry.id));
  if (!service.reconcileConnections) return;
  const left = present.filter((entry) => !isMeant(entry)).map((entry) => entry.permission);
  await rejectOthers(tx, service, owner, left, now);
}

/** @throws PosternError resource_not_found */
export async function requirePermission(
  tx: Repositories,
  service: EndpointService,
  id: string,
): Promise<Permission> {
  const entry = (await tx.services.permissions(service.id)).find((one) => one.id === id);
  if (entry) return entry;
  throw new PosternError(
    "resource_not_found",
    `Permission ${id} is not on the whitelist of ${service.name}.`,
  );
}

function parse(text: string, type: Permission["permissionType"]): string {
  const permission = parsePermissionOf(text, type);
  if (permission !== undefined) return permission;
  throw new PosternError(
    "permission_malformed",
    `"${text}" is no permission of the type ${type}. Give iam:domain::ID or *, or organizations:orgPath::PATH.`,
  );
}
