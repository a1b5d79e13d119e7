import { isUuid, type PermissionId } from "../ids.ts";
import type { Permission } from "../resources.ts";
import { parsePermissionOf } from "../whitelist.ts";
import type { ImportFacts } from "./facts.ts";
import { parseListedTime } from "./listed-time.ts";
import type { ListedPermission } from "./listing.ts";
import { fixFile, lostFields, repeatedIds, type Obstacle } from "./obstacle.ts";

export type ImportedPermission = Pick<Permission, "id" | "permission" | "permissionType" | "createdAt">;

/** Returns the whitelist, and what stands in the way of the entries that are missing from it. */
export function checkPermissions(
  listed: readonly ListedPermission[],
  facts: ImportFacts,
): { readonly permissions: readonly ImportedPermission[]; readonly obstacles: readonly Obstacle[] } {
  const repeated = repeatedIds(listed);
  const texts = new Set<string>();
  const permissions: ImportedPermission[] = [];
  const obstacles: Obstacle[] = [];
  for (const entry of listed) {
    const subject = { permission: entry.id };
    const reasons = [
      ...checkId(entry.id, repeated, facts),
      ...(texts.has(entry.permission) ? [`The whitelist has ${entry.permission} twice.`] : []),
    ];
    texts.add(entry.permission);
    const type = entry.permissionType;
    const isKnownType = type === "domainId" || type === "orgPath";
    // What is stored is what comes back, so only the form in which it is stored will do.
    if (!isKnownType || parsePermissionOf(entry.permission, type) !== entry.permission) {
      reasons.push(
        `"${entry.permission}" of the type ${type} is no whitelist entry: that is iam:domain::ID or * of the type domainId, ` +
          "or organizations:orgPath::PATH of the type orgPath.",
      );
    }
    const createdAt = parseListedTime(entry.createdAt);
    if (createdAt === undefined) reasons.push(`created_at "${entry.createdAt}" is no time.`);
    obstacles.push(...reasons.map((reason) => ({ ...subject, reason, fix: fixFile })));
    obstacles.push(...lostFields(subject, entry.otherFields));
    if (isKnownType && createdAt !== undefined) {
      const { permission } = entry;
      permissions.push({ id: entry.id as PermissionId, permission, permissionType: type, createdAt });
    }
  }
  return { permissions, obstacles };
}

function checkId(id: string, repeated: ReadonlySet<string>, facts: ImportFacts): string[] {
  if (!isUuid(id)) return ["Its id is no UUID in lower case."];
  if (repeated.has(id)) return ["Several entries of the whitelist have this id."];
  return facts.takenPermissions.has(id as PermissionId) ? ["Another service has an entry of this id."] : [];
}
