/** What the trail keeps changes of, by the names that people use. */
export const auditedKinds = [
  "account",
  "project",
  "user",
  "access_key",
  "vpc",
  "subnet",
  "cluster",
  "service",
  "permission",
  "domain",
  "endpoint",
  "gateway",
  "webhook",
] as const;
export type AuditedKind = (typeof auditedKinds)[number];

/** A row's audited columns by name. Of a secret it only says `set`, or `changed` where that is what happened. */
export type AuditedRow = Readonly<Record<string, unknown>>;

/** One row that a piece of work changed. */
export interface RowChange {
  /** Grows within the trail: the order in which rows were changed. */
  readonly number: number;
  readonly kind: AuditedKind;
  readonly id: string;
  /** Whose resource it is; null of what belongs to an account or to nobody. */
  readonly projectId: string | null;
  /** Of endpoints: the project of the service that it leads to. */
  readonly ownerProjectId: string | null;
  /** Of accounts, projects, users and keys: whose they are. */
  readonly accountId: string | null;
  /** null: the row is new. Of an update only the columns that differ, here and in `after`. */
  readonly before: AuditedRow | null;
  /** null: the row is gone. */
  readonly after: AuditedRow | null;
}

/**
 * What an entry tells of a row that nothing is kept of: sessions that were cut. It stands among the changes, as of a column
 * that the row does not have.
 */
export type ToldChange = Omit<RowChange, "number">;

/** One entry of the trail: who did what. */
export interface AuditEvent {
  /** 1, 2, 3, … without a gap. */
  readonly seq: number;
  /** Of the desired state, with the work done. */
  readonly revision: number;
  /** Milliseconds since the Unix epoch, by the server's clock. */
  readonly at: number;
  /** User id, `gateway/…` or `system`. */
  readonly actor: string;
  /** Of the user; null where no user did it. */
  readonly accountId: string | null;
  /** Of the request; null where it was to no project. */
  readonly projectId: string | null;
  /** Address that the request came from. */
  readonly source: string | null;
  readonly action: string;
  /** Kind and id. */
  readonly resource: string;
  readonly requestId: string | null;
}
