import type { DatabaseSync } from "node:sqlite";
import { undo } from "../domain/audit-access.ts";
import { linkOf, sealOf, type StoredChange } from "../domain/audit-chain.ts";
import type {
  AuditedRows,
  AuditFault,
  AuditFilter,
  AuditLog,
  AuditPage,
  AuditRecord,
  AuditVerdict,
  ChainedRecord,
  LinkClaim,
} from "../domain/audit-log.ts";
import type { AuditedRow, AuditEvent } from "../domain/audit.ts";
import type { ClusterId, ProjectId } from "../domain/ids.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { Authenticate } from "../lib/authenticator.ts";
import { auditedJson, auditedTables } from "./audited-tables.ts";
import { searchStretch } from "./audit-search.ts";
import { changeColumns, eventColumns, toRowChange } from "./audit-trail.ts";
import { AuditVerifier } from "./audit-verify.ts";

/** Events that a search looks through in one turn of the event loop, and at most for one page. */
const stretchLength = 2_000;
const stretchesOfPage = 100;
/** Events whose changes are read in one turn. */
const batchLength = 200;

/** How work gets at the connection. */
export interface Turns {
  /** Runs it while no transaction is open. */
  readonly read: <Result>(work: () => Result) => Promise<Result>;
  /** Runs it in a transaction. */
  readonly write: <Result>(work: () => Result) => Promise<Result>;
}

interface Mark {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly seal: string;
}

/** The audit trail in SQLite. */
export class SqlAuditLog implements AuditLog {
  readonly #database: DatabaseSync;
  readonly #authenticate: Authenticate;
  readonly #turns: Turns;
  readonly #verifier: AuditVerifier;

  constructor(database: DatabaseSync, authenticate: Authenticate, turns: Turns) {
    this.#database = database;
    this.#authenticate = authenticate;
    this.#turns = turns;
    this.#verifier = new AuditVerifier(database, authenticate);
  }

  async search(filter: AuditFilter, before: number | null, limit: number): Promise<AuditPage> {
    const records: AuditRecord[] = [];
    const [anchor, head] = await this.#turns.read(() => [this.#mark("anchor").seq, this.#mark("head").seq]);
    let high = Math.min((before ?? head + 1) - 1, head);
    for (let turn = 0; turn < stretchesOfPage && high > anchor; turn += 1) {
      const stretch = { low: Math.max(high - stretchLength + 1, anchor + 1), high };
      const left = limit - records.length;
      const found = await this.#turns.read(() =>
        searchStretch(this.#database, filter, stretch, "desc", left),
      );
      records.push(...found);
      if (records.length === limit) return { records, next: records.at(-1)?.event.seq ?? null };
      if (await this.#turns.read(() => this.#isBefore(stretch.low, high, filter.from)))
        return { records, next: null };
      high = stretch.low - 1;
    }
    return { records, next: high > anchor ? high + 1 : null };
  }

  async *records(filter: AuditFilter): AsyncIterable<AuditRecord> {
    const [anchor, head] = await this.#turns.read(() => [this.#mark("anchor").seq, this.#mark("head").seq]);
    for (let low = anchor + 1; low <= head; low += batchLength) {
      const stretch = { low, high: Math.min(low + batchLength - 1, head) };
      yield* await this.#turns.read(() => searchStretch(this.#database, filter, stretch, "asc", batchLength));
    }
  }

  async *chained({ from = -Infinity, to = Infinity }: AuditFilter): AsyncIterable<ChainedRecord> {
    const [anchor, head] = await this.#turns.read(() => [this.#mark("anchor"), this.#mark("head")]);
    let previous = anchor.hash;
    for (let low = anchor.seq + 1; low <= head.seq; low += batchLength) {
      const high = Math.min(low + batchLength - 1, head.seq);
      const batch = await this.#turns.read(() => this.#events(low, high));
      for (const { event, hash } of batch) {
        if (event.at >= from && event.at <= to) {
          const changes = await this.#turns.read(() => this.#changes(event.seq));
          yield { event, changes, previous, hash };
        }
        previous = hash;
      }
    }
  }

  verify(): Promise<AuditVerdict> {
    return this.#verifier.verify(this.#turns.read);
  }

  checkClaims(claims: readonly LinkClaim[]): AuditFault | null {
    let last: LinkClaim | undefined;
    for (const claim of claims) {
      const { seq, previous, digest, hash } = claim;
      if (last && (seq !== last.seq + 1 || previous !== last.hash)) {
        return { seq, reason: "The entry does not follow the one before it." };
      }
      if (hash !== linkOf(this.#authenticate, previous, digest)) {
        return { seq, reason: "The entry is not what this installation wrote." };
      }
      last = claim;
    }
    return null;
  }

  knownSince(): Promise<Timestamp> {
    return this.#turns.read(() => Math.max(this.#mark("origin").at, this.#mark("anchor").at));
  }

  async rowsAt(owner: ProjectId, cluster: ClusterId, at: Timestamp): Promise<AuditedRows> {
    const [head, rows] = await this.#turns.read(() => [
      this.#mark("head").seq,
      this.#presentRows(owner, cluster),
    ]);
    for (let high = head; high > 0; high -= batchLength) {
      const isThere = await this.#turns.read(() => this.#undoBatch(rows, owner, high, at));
      if (isThere) break;
    }
    return rows;
  }

  trim(before: Timestamp): Promise<number> {
    return this.#turns.write(() => this.#trimBatch(before));
  }

  #mark(name: "origin" | "anchor" | "head"): Mark {
    const mark = this.#database
      .prepare("select seq, at, hash, seal from audit_chain where name = ?")
      .get(name);
    if (!mark) throw new Error(`the audit trail has lost its ${name}: restore the database from a backup`);
    return mark as unknown as Mark;
  }

  /** The clock may have been set back a little: only a whole stretch of earlier events ends a search. */
  #isBefore(low: number, high: number, from: Timestamp | undefined): boolean {
    if (from === undefined) return false;
    const late = "select 1 from audit_event where seq between ? and ? and at >= ? limit 1";
    return !this.#database.prepare(late).get(low, high, from);
  }

  #events(low: number, high: number): readonly { readonly event: AuditEvent; readonly hash: string }[] {
    const rows = this.#database
      .prepare(`select ${eventColumns}, hash from audit_event where seq between ? and ? order by seq`)
      .all(low, high) as unknown as (AuditEvent & { hash: string })[];
    return rows.map(({ hash, ...event }) => ({ event, hash }));
  }

  #changes(seq: number): readonly StoredChange[] {
    return this.#database
      .prepare(`select ${changeColumns} from audit_change where seq = ? order by id`)
      .all(seq) as unknown as StoredChange[];
  }

  #presentRows(owner: ProjectId, cluster: ClusterId): Map<string, AuditedRow> {
    const services = "(select id from endpoint_service where cluster_id = :cluster and project_id = :owner)";
    const ofService = `row.service_id in ${services}`;
    const where: Readonly<Record<string, string>> = {
      cluster: "row.id = :cluster and row.project_id = :owner",
      service: "row.cluster_id = :cluster and row.project_id = :owner",
      permission: ofService,
      endpoint: ofService,
    };
    const rows = new Map<string, AuditedRow>();
    for (const table of auditedTables) {
      const condition = where[table.kind];
      if (condition === undefined) continue;
      const found = this.#database
        .prepare(
          `select row.id, ${auditedJson(table, "row")} as json from "${table.table}" as row where ${condition}`,
        )
        .all({ cluster, owner });
      for (const { id, json } of found) {
        rows.set(`${table.kind}/${String(id)}`, JSON.parse(String(json)) as AuditedRow);
      }
    }
    return rows;
  }

  /** @returns whether `at` is reached */
  #undoBatch(rows: Map<string, AuditedRow>, owner: ProjectId, high: number, at: Timestamp): boolean {
    const low = high - batchLength + 1;
    const reached = this.#database
      .prepare("select max(seq) as seq from audit_event where seq between ? and ? and at <= ?")
      .get(low, high, at)?.["seq"] as number | null;
    const changes = this.#database
      .prepare(
        `select ${changeColumns} from audit_change where seq > ? and seq <= ? and coalesce(owner_project_id, project_id) = ? ` +
          "and kind in ('cluster', 'service', 'permission', 'endpoint') order by id desc",
      )
      .all(reached ?? low - 1, high, owner) as unknown as StoredChange[];
    for (const change of changes) undo(rows, toRowChange(change));
    return reached !== null;
  }

  /** Nothing is taken from a trail whose anchor is not ours: that would hide what was done to it. */
  #trimBatch(before: Timestamp): number {
    const { seal, ...anchor } = this.#mark("anchor");
    if (seal !== sealOf(this.#authenticate, { name: "anchor", ...anchor })) return 0;
    let last: { readonly event: AuditEvent; readonly hash: string } | undefined;
    for (const row of this.#events(anchor.seq + 1, anchor.seq + batchLength)) {
      if (row.event.at >= before) break;
      last = row;
    }
    if (!last) return 0;
    const { event, hash } = last;
    const mark = { name: "anchor", seq: event.seq, at: event.at, hash } as const;
    this.#database
      .prepare("update audit_chain set seq = ?, at = ?, hash = ?, seal = ? where name = 'anchor'")
      .run(event.seq, event.at, hash, sealOf(this.#authenticate, mark));
    this.#database.prepare("delete from audit_change where seq <= ?").run(event.seq);
    this.#database.prepare("delete from audit_event where seq <= ?").run(event.seq);
    return event.seq - anchor.seq;
  }
}
