import type { DatabaseSync } from "node:sqlite";
import { auditedJson, auditedTables, changedJson, type AuditedTable } from "./audited-tables.ts";

const prefix = "audit_";

/**
 * Makes the triggers that write every change of an audited row into the trail, and that refuse to change what is
 * there. They are no part of a migration: a step that rebuilds a table would lose them, and a column that a step adds
 * would be missing in them. Costs a look where they are as they should be.
 */
export function installAuditTriggers(database: DatabaseSync): void {
  const wanted = new Map([...auditedTables.flatMap(captureTriggers), ...guardTriggers]);
  const present = presentTriggers(database);
  const isRight =
    present.length === wanted.size && present.every(({ name, sql }) => wanted.get(name) === sql);
  if (isRight) return;
  dropAuditTriggers(database);
  for (const sql of wanted.values()) database.exec(sql);
}

/** Takes them away, for a migration: SQLite refuses to alter what a trigger speaks of. */
export function dropAuditTriggers(database: DatabaseSync): void {
  for (const { name } of presentTriggers(database)) database.exec(`drop trigger "${name}"`);
}

interface Trigger {
  readonly name: string;
  readonly sql: string;
}

function presentTriggers(database: DatabaseSync): readonly Trigger[] {
  const all = database.prepare("select name, sql from sqlite_schema where type = 'trigger'").all();
  return (all as unknown as Trigger[]).filter(({ name }) => name.startsWith(prefix));
}

/** Deletions are written down before they happen: what hangs on a row goes before the row's own trigger would run. */
function captureTriggers(table: AuditedTable): readonly (readonly [string, string])[] {
  const columns = Object.keys(table.columns);
  const differs = columns.map((column) => `old.${column} is not new.${column}`).join(" or ");
  return [
    trigger(
      table,
      "insert",
      "after insert",
      "",
      insertChange(table, "new", "null", auditedJson(table, "new")),
    ),
    trigger(
      table,
      "update",
      `after update of ${columns.join(", ")}`,
      ` when ${differs}`,
      insertChange(table, "new", changedJson(table, "old"), changedJson(table, "new")),
    ),
    trigger(
      table,
      "delete",
      "before delete",
      "",
      insertChange(table, "old", auditedJson(table, "old"), "null"),
    ),
  ];
}

function trigger(
  { table }: AuditedTable,
  name: string,
  event: string,
  condition: string,
  body: string,
): readonly [string, string] {
  const full = `${prefix}${table}_${name}`;
  return [full, `CREATE TRIGGER ${full} ${event} on "${table}"${condition} begin ${body}; end`];
}

/** The event that the change belongs to comes last, and is the one after the head. 0 fits nowhere: there is no chain. */
function insertChange(table: AuditedTable, row: "old" | "new", before: string, after: string): string {
  const of = (expression = "null"): string => expression.replaceAll("row.", `${row}.`);
  return (
    "insert into audit_change (seq, kind, resource_id, project_id, owner_project_id, account_id, before, after) " +
    `values (coalesce((select seq + 1 from audit_chain where name = 'head'), 0), '${table.kind}', ${row}.id, ` +
    `${of(table.projectId)}, ${of(table.ownerProjectId)}, ${of(table.accountId)}, ${before}, ${after})`
  );
}

const beyondAnchor = "old.seq > (select seq from audit_chain where name = 'anchor')";

/** Retention moves the anchor first. An event of before the trail has no link, and gets it once. */
const guardTriggers: readonly (readonly [string, string])[] = [
  guard("event_keep", "before update on audit_event when old.hash <> ''", "changed"),
  guard("event_stay", `before delete on audit_event when ${beyondAnchor}`, "deleted"),
  guard("change_keep", "before update on audit_change", "changed"),
  guard("change_stay", `before delete on audit_change when ${beyondAnchor}`, "deleted"),
];

function guard(name: string, event: string, what: string): readonly [string, string] {
  const full = `${prefix}${name}`;
  const refusal = `select raise(abort, 'the audit trail is only added to: nothing of it is ${what}')`;
  return [full, `CREATE TRIGGER ${full} ${event} begin ${refusal}; end`];
}
