import type { AuditedRows } from "./audit-log.ts";
import type { AuditedRow, RowChange } from "./audit.ts";

/** A service of a cluster, with whom its whitelist admits. */
export interface ServiceAccess {
  readonly id: string;
  readonly row: AuditedRow;
  /** As they are written in the whitelist, in its order. */
  readonly permissions: readonly string[];
}

/** An endpoint through which connections were let in. */
export interface EndpointAccess {
  readonly id: string;
  readonly row: AuditedRow;
}

/** Who could reach a cluster. */
export interface ClusterAccess {
  readonly cluster: AuditedRow;
  /** Those that were enabled, by id. */
  readonly services: readonly ServiceAccess[];
  /** Accepted, and up, at an enabled service; by id. */
  readonly endpoints: readonly EndpointAccess[];
}

/** Takes one change back; the newest has to be the first. */
export function undo(rows: Map<string, AuditedRow>, { kind, id, before }: RowChange): void {
  const key = `${kind}/${id}`;
  if (before === null) rows.delete(key);
  else rows.set(key, { ...rows.get(key), ...before });
}

/** Returns undefined where the rows have no such cluster. Costs one pass over the rows. */
export function accessTo(rows: AuditedRows, clusterId: string): ClusterAccess | undefined {
  const cluster = rows.get(`cluster/${clusterId}`);
  if (!cluster) return undefined;
  const services = ofKind(rows, "service").filter(
    ({ row }) => row["cluster_id"] === clusterId && row["enabled"] === true,
  );
  const ids = new Set<unknown>(services.map(({ id }) => id));
  const permissions = ofKind(rows, "permission");
  const endpoints = ofKind(rows, "endpoint").filter(
    ({ row }) => ids.has(row["service_id"]) && row["approval"] === "accepted" && row["phase"] === "ready",
  );
  return {
    cluster,
    services: services.map(({ id, row }) => ({
      id,
      row,
      permissions: permissions
        .filter((permission) => permission.row["service_id"] === id)
        .map((permission) => String(permission.row["permission"])),
    })),
    endpoints,
  };
}

function ofKind(rows: AuditedRows, kind: string): readonly EndpointAccess[] {
  const found: EndpointAccess[] = [];
  for (const [key, row] of rows) {
    const [rowKind, id = ""] = key.split("/");
    if (rowKind === kind) found.push({ id, row });
  }
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
