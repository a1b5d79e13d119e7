/** Something in the data that should not be. */
export interface Finding {
  /** Kind and id: `endpoint/…`; `database` for the file as a whole. */
  readonly where: string;
  /** What is wrong, in a full sentence. Never a secret. */
  readonly what: string;
  /** What to do about it, in a full sentence. */
  readonly next: string;
}

/** Most findings that a report lists. */
export const mostFindings = 1_000;

export interface CheckReport {
  readonly revision: number;
  /** Rows that were looked at. */
  readonly rows: number;
  /** The first of them. */
  readonly findings: readonly Finding[];
  /** All of them. */
  readonly total: number;
}
