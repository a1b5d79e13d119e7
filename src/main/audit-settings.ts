import type { Command } from "commander";
import { StartError } from "../lib/start-error.ts";

const defaultDays = "400";
const mostDays = 36_500;

export interface AuditFlags {
  readonly auditRetention: string;
}

/** Adds the settings of the audit trail to a command that runs a server. */
export function withAudit(command: Command): Command {
  return command.option(
    "--audit-retention <days>",
    "forget entries of the audit trail after so long",
    defaultDays,
  );
}

/** Returns the arguments by which the server gets the same settings. */
export function auditArgs({ auditRetention }: AuditFlags): readonly string[] {
  return ["--audit-retention", auditRetention];
}

/** Returns the days for which the audit trail is kept. @throws StartError */
export function readAuditRetention({ auditRetention }: AuditFlags): number {
  const days = Number(auditRetention);
  if (Number.isInteger(days) && days >= 1 && days <= mostDays) return days;
  throw new StartError(`"${auditRetention}" is no audit retention. Give whole days from 1 to ${mostDays}.`);
}
