import type { DatabaseSync } from "node:sqlite";
import { sortRows } from "../domain/check/check-forms.ts";
import { runChecks, type CheckedData } from "../domain/check/checks.ts";
import { mostFindings, type CheckReport, type Finding } from "../domain/check/finding.ts";
import { forms, type RawRow, type TableName } from "../domain/check/forms.ts";
import type { Authenticate } from "../lib/authenticator.ts";
import { AuditVerifier } from "./audit-verify.ts";
import { readFacts } from "./online-copy.ts";

export interface CheckKeys {
  readonly unseal: CheckedData["unseal"];
  readonly authenticate: Authenticate;
}

const tableNames = Object.keys(forms) as TableName[];
const restore = "Restore a backup from before this.";
const mostOfSqlite = 100;

/**
 * Holds a database of the present schema against SQLite's own rules and Postern's invariants, as it is at one moment.
 * Reads all of it, which takes a second for some hundred thousand rows.
 * @param keys open a sealed secret, or throw where it cannot be opened, and authenticate the audit trail
 */
export async function checkDatabase(database: DatabaseSync, keys: CheckKeys): Promise<CheckReport> {
  const { unseal, authenticate } = keys;
  database.exec("begin");
  try {
    const damage = findDamage(database);
    // Rows of a damaged file may be anything: what is found in them is told as far as it can be read.
    const { findings, rows, revision } = readAll(database, unseal, damage.length > 0);
    // Reading a trail whose pages are damaged would tell nothing that is not told.
    const tampering = damage.length > 0 ? [] : await findTampering(database, authenticate);
    const all = [...damage, ...findings, ...tampering];
    return { revision, rows, findings: all.slice(0, mostFindings), total: all.length };
  } finally {
    database.exec("rollback");
  }
}

/** Of a database that no server has been started on since its trail was made there is no chain yet. */
async function findTampering(
  database: DatabaseSync,
  authenticate: Authenticate,
): Promise<readonly Finding[]> {
  if (!database.prepare("select 1 from audit_chain limit 1").get()) return [];
  const verifier = new AuditVerifier(database, authenticate);
  const { fault } = await verifier.verify((work) => Promise.resolve(work()));
  if (!fault) return [];
  const { seq, reason } = fault;
  return [{ where: `audit/${seq}`, what: `The audit trail was changed. ${reason}`, next: restore }];
}

function findDamage(database: DatabaseSync): readonly Finding[] {
  const broken = brokenPages(database);
  // References of a damaged file cannot be followed.
  const dangling = broken.length > 0 ? [] : database.prepare("pragma foreign_key_check").all();
  return [
    ...broken.map((text) => ({
      where: "database",
      what: `SQLite finds: ${text.replaceAll(/\s+/g, " ")}.`,
      next: restore,
    })),
    ...dangling.slice(0, mostOfSqlite).map(({ table, rowid, parent }) => ({
      where: `${String(table)}/row ${String(rowid)}`,
      what: `It refers to a row of ${String(parent)} that is not there.`,
      next: restore,
    })),
  ];
}

function brokenPages(database: DatabaseSync): readonly string[] {
  try {
    const damage = database.prepare(`pragma integrity_check(${mostOfSqlite})`).all();
    return damage.map((row) => String(Object.values(row)[0])).filter((text) => text !== "ok");
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function readAll(
  database: DatabaseSync,
  unseal: CheckedData["unseal"],
  isDamaged: boolean,
): { readonly findings: readonly Finding[]; readonly rows: number; readonly revision: number } {
  try {
    const raw = Object.fromEntries(tableNames.map((name) => [name, readTable(database, name)])) as Readonly<
      Record<TableName, readonly RawRow[]>
    >;
    const { tables, findings } = sortRows(raw);
    const { revision } = readFacts(database);
    const rows = tableNames.reduce((sum, name) => sum + raw[name].length, 0);
    const data = { tables, revision, trail: readTrail(database), unseal };
    return { findings: [...findings, ...runChecks(data)], rows, revision };
  } catch (error) {
    if (!isDamaged) throw error;
    return { findings: [], rows: 0, revision: 0 };
  }
}

function readTable(database: DatabaseSync, name: TableName): readonly RawRow[] {
  const columns = Object.keys(forms[name]).map((column) => `${snakeCase(column)} as "${column}"`);
  const known = database.prepare(`select ${columns.join(", ")} from "${snakeCase(name)}"`);
  return known.all();
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]|\d+/g, (part, at: number) =>
    /\d/.test(part) ? part : `${at > 0 ? "_" : ""}${part.toLowerCase()}`,
  );
}

function readTrail(database: DatabaseSync): CheckedData["trail"] {
  const { greatest } = database.prepare("select max(revision) as greatest from audit_event").get() ?? {};
  const fall = database
    .prepare(
      `select seq from (select seq, revision, lag(revision) over (order by seq) as before from audit_event)
        where revision < before order by seq limit 1`,
    )
    .get();
  return { revision: Number(greatest ?? 0), fallsAt: fall ? Number(fall["seq"]) : null };
}
