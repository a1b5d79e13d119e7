import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { defineOperation } from "../operation.ts";
import { requireOperator } from "./accounts.ts";

/**
 * Operators only. The answer is one archive with all data and the key that opens the secrets among them, as they are at
 * one moment. That somebody took it is on record before a byte of it goes out.
 */
export const createBackup = defineOperation({
  id: "CreateBackup",
  method: "POST",
  path: "/postern/v1/backups",
  action: "postern:backup:create",
  schemas: {},
  answers: "application/x-tar",
  async handle(request, context) {
    requireOperator(request.principal, "takes backups");
    const audit = auditEntry(request, "createBackup", "backup/whole");
    await record(context, request, audit, () => Promise.resolve());
    const { revision, createdAt, archive } = await context.maintenance.backup();
    const name = `postern-${createdAt.replaceAll(/[:.]/g, "-")}.tar`;
    return {
      headers: {
        "content-type": "application/x-tar",
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "no-store",
        "x-postern-revision": String(revision),
      },
      body: archive,
    };
  },
});

/** Operators only. Reads everything, on a thread of its own. */
export const checkData = defineOperation({
  id: "CheckData",
  method: "GET",
  path: "/postern/v1/check",
  action: "postern:data:check",
  schemas: {},
  async handle({ principal }, context) {
    requireOperator(principal, "checks the data");
    const { findings, total, rows, revision } = await context.maintenance.check();
    return { body: { revision, rows_checked: rows, findings, total_count: total } };
  },
});
