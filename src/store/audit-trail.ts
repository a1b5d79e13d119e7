import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  digestOf,
  firstLink,
  linkOf,
  sealOf,
  type ChainMark,
  type StoredChange,
} from "../domain/audit-chain.ts";
import type { AuditEvent, AuditedKind, AuditedRow, RowChange, ToldChange } from "../domain/audit.ts";
import type { AuditEntry } from "../domain/store.ts";
import type { Authenticate } from "../lib/authenticator.ts";
import type { Clock } from "../lib/clock.ts";

/** An entry as it went into the trail, with the rows that changed. */
export interface RecordedEvent {
  readonly event: AuditEvent;
  readonly changes: readonly StoredChange[];
}

interface Head {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly seal: string;
  readonly revision: number;
}

/** Columns of a change in the names of `StoredChange`. */
export const changeColumns =
  "id, kind, resource_id as resourceId, project_id as projectId, owner_project_id as ownerProjectId, " +
  "account_id as accountId, before, after";

/** On a head that somebody else wrote: it never fits again, so that the next entry does not heal it. */
const brokenSeal = "broken";

/** What the head's seal is in the transaction that is open. Random: nobody else can write it. */
const open = { intact: `open ${randomUUID()}`, broken: `open and broken ${randomUUID()}` } as const;

/**
 * The end of the audit trail, where entries are added. Works in the transaction that is open on its connection, with
 * statements of its own: the query builder would cost more than all the rest of an entry. Entries get their links, and
 * their rows, together before the transaction is committed: one after another they take a fifth of the time.
 */
export class AuditTrail {
  readonly #authenticate: Authenticate;
  readonly #clock: Clock;
  readonly #readHead: StatementSync;
  readonly #readChanges: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #insertChange: StatementSync;
  readonly #moveHead: StatementSync;
  readonly #closeHead: StatementSync;
  #lastSeal = "";
  /** Entries of the transaction that is open, in their order; those of work that was taken back may be among them. */
  #pending: RecordedEvent[] = [];

  /** @param authenticate with the installation's key for the trail */
  constructor(database: DatabaseSync, authenticate: Authenticate, clock: Clock) {
    this.#authenticate = authenticate;
    this.#clock = clock;
    this.#readHead = database.prepare(
      "select seq, at, hash, seal, (select value from revision) as revision from audit_chain where name = 'head'",
    );
    this.#readChanges = database.prepare(
      `select ${changeColumns} from audit_change where seq = ? order by id`,
    );
    this.#insertEvent = database.prepare(
      "insert into audit_event (seq, revision, at, actor, account_id, project_id, source, action, resource, " +
        "request_id, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#insertChange = database.prepare(
      "insert into audit_change (seq, kind, resource_id, project_id, owner_project_id, account_id, before, after) " +
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#moveHead = database.prepare("update audit_chain set seq = ?, at = ?, seal = ? where name = 'head'");
    this.#closeHead = database.prepare("update audit_chain set hash = ?, seal = ? where name = 'head'");
  }

  /**
   * Chains the entries of a transaction, and seals the end of the trail: to be called before it is committed. Without it
   * the trail does not verify.
   */
  seal(): void {
    const head = this.#head();
    if (!head || !isOpen(head)) return;
    let { hash } = head;
    for (const { event, changes } of this.#pendingTo(head.seq)) {
      hash = linkOf(this.#authenticate, hash, digestOf(event, changes));
      this.#insert(event, hash);
    }
    if (head.seal === open.intact)
      this.#lastSeal = sealOf(this.#authenticate, { ...head, name: "head", hash });
    this.#closeHead.run(hash, head.seal === open.intact ? this.#lastSeal : brokenSeal);
  }

  /**
   * Adds an entry. The rows that changed since the entry before are its own, and what it tells besides.
   * @returns undefined where it is for changes, and there were none
   */
  append(entry: AuditEntry): RecordedEvent | undefined {
    const head = this.#head();
    if (!head) throw new Error("the audit trail has lost its head: restore the database from a backup");
    const seq = head.seq + 1;
    if (entry.tells) this.#tell(seq, entry.tells);
    const changes = this.#readChanges.all(seq) as unknown as StoredChange[];
    if (entry.isForChanges && changes.length === 0) return undefined;
    const recorded = { event: this.#eventOf(entry, seq, head.revision), changes };
    this.#pending = isOpen(head) ? this.#pendingTo(head.seq) : [];
    this.#pending.push(recorded);
    this.#moveHead.run(seq, recorded.event.at, this.#isIntact(head) ? open.intact : open.broken);
    return recorded;
  }

  #head(): Head | undefined {
    return this.#readHead.get() as unknown as Head | undefined;
  }

  /** Work that was taken back has taken the head along. */
  #pendingTo(seq: number): RecordedEvent[] {
    while ((this.#pending.at(-1)?.event.seq ?? 0) > seq) this.#pending.pop();
    return this.#pending;
  }

  #insert(event: AuditEvent, hash: string): void {
    const { seq, revision, at, actor, accountId, projectId, source, action, resource, requestId } = event;
    const who = [actor, accountId, projectId, source] as const;
    this.#insertEvent.run(seq, revision, at, ...who, action, resource, requestId, hash);
  }

  #tell(seq: number, change: ToldChange): void {
    const { kind, id, projectId, ownerProjectId, accountId, before, after } = change;
    const [was, is] = [before, after].map((row) => (row === null ? null : JSON.stringify(row)));
    this.#insertChange.run(seq, kind, id, projectId, ownerProjectId, accountId, was ?? null, is ?? null);
  }

  #eventOf(entry: AuditEntry, seq: number, revision: number): AuditEvent {
    const { actor, action, resource } = entry;
    const { accountId = null, projectId = null, source = null, requestId = null } = entry;
    const at = this.#clock.now();
    return { seq, revision, at, actor, accountId, projectId, source, action, resource, requestId };
  }

  /** The seal of the entry before need not be computed again, unless that one was taken back. */
  #isIntact({ seal, seq, at, hash }: Head): boolean {
    if (seal === open.intact || seal === this.#lastSeal) return true;
    if (seal === open.broken || seal === brokenSeal) return false;
    return seal === sealOf(this.#authenticate, { name: "head", seq, at, hash });
  }
}

function isOpen({ seal }: Head): boolean {
  return seal === open.intact || seal === open.broken;
}

/**
 * Begins the chain in a database that has none, once: what an earlier version wrote is chained as it is found.
 * Changes are known from then on.
 */
export function beginTrail(database: DatabaseSync, authenticate: Authenticate, clock: Clock): void {
  if (database.prepare("select 1 from audit_chain limit 1").get()) return;
  const at = clock.now();
  const insert = database.prepare(
    "insert into audit_chain (name, seq, at, hash, seal) values (?, ?, ?, ?, ?)",
  );
  const mark = (name: ChainMark["name"], seq: number, hash: string): void => {
    insert.run(name, seq, at, hash, sealOf(authenticate, { name, seq, at, hash }));
  };
  database.exec("begin immediate");
  const first = firstLink(authenticate);
  mark("anchor", 0, first);
  const { seq, hash } = chainOldEvents(database, authenticate, first);
  mark("origin", seq, hash);
  mark("head", seq, hash);
  database.exec("commit");
}

export const eventColumns =
  "seq, revision, at, actor, account_id as accountId, project_id as projectId, source, action, resource, " +
  "request_id as requestId";

function chainOldEvents(
  database: DatabaseSync,
  authenticate: Authenticate,
  first: string,
): { readonly seq: number; readonly hash: string } {
  const next = database.prepare(
    `select ${eventColumns} from audit_event where seq > ? and hash = '' order by seq limit 1`,
  );
  const link = database.prepare("update audit_event set hash = ? where seq = ?");
  let [seq, hash] = [0, first];
  for (;;) {
    const event = next.get(seq) as unknown as AuditEvent | undefined;
    if (!event) return { seq, hash };
    hash = linkOf(authenticate, hash, digestOf(event, []));
    link.run(hash, event.seq);
    ({ seq } = event);
  }
}

export function toRowChange(change: StoredChange): RowChange {
  const { id, kind, resourceId, projectId, ownerProjectId, accountId, before, after } = change;
  return {
    number: id,
    kind: kind as AuditedKind,
    id: resourceId,
    projectId,
    ownerProjectId,
    accountId,
    before: before === null ? null : (JSON.parse(before) as AuditedRow),
    after: after === null ? null : (JSON.parse(after) as AuditedRow),
  };
}
