import { Readable } from "node:stream";
import type { CheckReport } from "../domain/check/finding.ts";
import type { Maintenance, OutgoingBackup } from "./maintenance.ts";

/** A small model of what is done with the data as a whole: backups say what they are, checks what they are told to. */
export class TestMaintenance implements Maintenance {
  backups = 0;
  report: CheckReport = { revision: 1, rows: 10, findings: [], total: 0 };

  backup(): Promise<OutgoingBackup> {
    this.backups += 1;
    const archive = Readable.from([Buffer.from("an "), Buffer.from("archive")], { objectMode: false });
    return Promise.resolve({ revision: 7, createdAt: "2026-01-02T03:04:05.678Z", archive });
  }

  check(): Promise<CheckReport> {
    return Promise.resolve(this.report);
  }
}
