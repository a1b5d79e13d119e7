import type { Readable } from "node:stream";
import type { CheckReport } from "../domain/check/finding.ts";

/** A backup on its way out. */
export interface OutgoingBackup {
  readonly revision: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly archive: Readable;
}

/** What the API can have done with the data as a whole. */
export interface Maintenance {
  /** One at a time. @throws PosternError state_forbids while another one is under way, or where there is no room */
  backup(): Promise<OutgoingBackup>;
  /** Holds the data against the invariants. Who asks while a check is under way gets the result of that one. */
  check(): Promise<CheckReport>;
}
