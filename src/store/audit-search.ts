import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StoredChange } from "../domain/audit-chain.ts";
import type { AuditFilter, AuditRecord, AuditViewer } from "../domain/audit-log.ts";
import type { AuditEvent } from "../domain/audit.ts";
import { changeColumns, eventColumns, toRowChange } from "./audit-trail.ts";

/** Most changes of one event that an answer has: deleting a cluster changes one row an endpoint. */
const changesLimit = 1_000;

/** Events of a stretch, by number: from `low` to `high`, both ends included. */
export interface Stretch {
  readonly low: number;
  readonly high: number;
}

type Values = Record<string, SQLInputValue>;

const own = "(project_id = :project or (project_id is null and account_id = :account))";
const visible =
  "(c.project_id = :project or c.owner_project_id = :project or (c.account_id is not null and c.account_id = :account))";

/** Returns SQL that events of a filter fulfil, and the values in it. */
function conditions(filter: AuditFilter): { readonly sql: string; readonly values: Values } {
  const { viewer, from, to, actor, action, resource } = filter;
  const values: Values = { ...viewerValues(viewer) };
  const parts: string[] = [];
  const add = (value: SQLInputValue | undefined, name: string, sql: string): void => {
    if (value === undefined) return;
    values[name] = value;
    parts.push(sql);
  };
  // Of what others did he learns neither who it was nor what they called it: nor may he try names out.
  const ifOwn = viewer ? ` and ${own}` : "";
  const ifVisible = viewer ? ` and ${visible}` : "";
  add(from, "from", "at >= :from");
  add(to, "to", "at <= :to");
  add(actor, "actor", `(actor = :actor${ifOwn})`);
  add(action, "action", "action = :action");
  if (viewer) {
    parts.push(
      `(${own} or exists (select 1 from audit_change c where c.seq = audit_event.seq and ${visible}))`,
    );
  }
  if (resource !== undefined) {
    const [kind = "", ...id] = resource.split("/");
    add(kind, "kind", "true");
    add(id.join("/"), "id", "true");
    add(
      resource,
      "resource",
      `((resource = :resource${ifOwn}) or exists (select 1 from audit_change c where c.seq = audit_event.seq ` +
        `and c.kind = :kind and c.resource_id = :id${ifVisible}))`,
    );
  }
  return { sql: parts.length === 0 ? "true" : parts.join(" and "), values };
}

function viewerValues(viewer: AuditViewer | undefined): Values {
  return viewer ? { project: viewer.projectId, account: viewer.accountId } : {};
}

/** Returns the events of a stretch that fulfil a filter, at most `limit`, with the changes that the viewer may see. */
export function searchStretch(
  database: DatabaseSync,
  filter: AuditFilter,
  { low, high }: Stretch,
  order: "asc" | "desc",
  limit: number,
): readonly AuditRecord[] {
  const { sql, values } = conditions(filter);
  const isOwn = filter.viewer ? own : "1";
  const events = database
    .prepare(
      `select ${eventColumns}, ${isOwn} as isOwn from audit_event ` +
        `where seq between :low and :high and ${sql} order by seq ${order} limit :limit`,
    )
    .all({ ...values, low, high, limit }) as unknown as (AuditEvent & { isOwn: 0 | 1 | null })[];
  return events.map(({ isOwn: flag, ...event }) => withChanges(database, event, flag === 1, filter.viewer));
}

function withChanges(
  database: DatabaseSync,
  event: AuditEvent,
  isOwn: boolean,
  viewer: AuditViewer | undefined,
): AuditRecord {
  const where = `from audit_change c where c.seq = :seq${viewer ? ` and ${visible}` : ""}`;
  const values = { ...viewerValues(viewer), seq: event.seq };
  const changes = database
    .prepare(`select ${changeColumns} ${where} order by id limit ${changesLimit}`)
    .all(values) as unknown as StoredChange[];
  let changesTotal = changes.length;
  if (changesTotal === changesLimit) {
    const counted = database.prepare(`select count(*) as total ${where}`).get(values);
    changesTotal = Number(counted?.["total"]);
  }
  return { event, isOwn, changes: changes.map(toRowChange), changesTotal };
}
