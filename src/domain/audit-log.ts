import type { StoredChange } from "./audit-chain.ts";
import type { AuditedRow, AuditEvent, RowChange } from "./audit.ts";
import type { AccountId, ClusterId, ProjectId } from "./ids.ts";
import type { Timestamp } from "./resources.ts";

/** Who reads: sees what was done in his project or account, and every change of what is theirs. */
export interface AuditViewer {
  readonly projectId: ProjectId;
  readonly accountId: AccountId;
}

/** What is left out filters nothing. */
export interface AuditFilter {
  readonly viewer?: AuditViewer | undefined;
  /** Both ends belong to it. */
  readonly from?: Timestamp | undefined;
  readonly to?: Timestamp | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Kind and id: the event is about it, or changes it. */
  readonly resource?: string | undefined;
}

/** An event with those of its changes that the viewer may see. */
export interface AuditRecord {
  readonly event: AuditEvent;
  /** Whether it was done in the viewer's project or account: else he does not learn who did it, and from where. */
  readonly isOwn: boolean;
  readonly changes: readonly RowChange[];
  /** There may be more changes than are here. */
  readonly changesTotal: number;
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** To go on with, as `before`; null: there are no more. A page may be short, or empty, and yet have one. */
  readonly next: number | null;
}

/** An event with all that its link in the chain holds for. */
export interface ChainedRecord {
  readonly event: AuditEvent;
  readonly changes: readonly StoredChange[];
  readonly previous: string;
  readonly hash: string;
}

/** What somebody outside says of one event: nothing of it but a digest. */
export interface LinkClaim {
  readonly seq: number;
  readonly previous: string;
  readonly digest: string;
  readonly hash: string;
}

/** The first place where the trail is not as it was written. */
export interface AuditFault {
  readonly seq: number;
  /** A sentence. */
  readonly reason: string;
}

export interface AuditVerdict {
  /** Events that fit. */
  readonly count: number;
  /** null where there are none. */
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  /** Link of the last one: who keeps it elsewhere can tell that the whole file was not set back. */
  readonly lastHash: string | null;
  /** When the chain was begun, and after which event: those up to it were chained as they were found. */
  readonly beganAt: Timestamp | null;
  readonly beganAfterSeq: number | null;
  /** The last event that retention took; 0: none. */
  readonly trimmedUpToSeq: number | null;
  readonly fault: AuditFault | null;
}

/** Audited rows by `kind/id`. */
export type AuditedRows = ReadonlyMap<string, AuditedRow>;

/** The audit trail as it is read. Long walks are cut into slices that leave others their turn. */
export interface AuditLog {
  /** @param before the newest to look at is the one before this; null: begin at the end */
  search(filter: AuditFilter, before: number | null, limit: number): Promise<AuditPage>;
  /** Oldest first, up to what is there when it begins; of a viewer what he may see. */
  records(filter: AuditFilter): AsyncIterable<AuditRecord>;
  /** Everything in the order of the chain. */
  chained(filter: Pick<AuditFilter, "from" | "to">): AsyncIterable<ChainedRecord>;
  verify(): Promise<AuditVerdict>;
  /** Returns the first claim that does not hold, by itself or after the one before it. */
  checkClaims(claims: readonly LinkClaim[]): AuditFault | null;
  /** Since when changes are known; earlier states cannot be told. */
  knownSince(): Promise<Timestamp>;
  /**
   * Rows of a cluster, its services, their whitelists and endpoints as they were; others of the same owner may be among
   * them, incomplete.
   * @param owner the cluster's project
   * @param at not before `knownSince`
   */
  rowsAt(owner: ProjectId, cluster: ClusterId, at: Timestamp): Promise<AuditedRows>;
  /** Forgets events of before a time, some at once. @returns how many; 0 when done */
  trim(before: Timestamp): Promise<number>;
}
