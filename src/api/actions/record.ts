import { planOf } from "../../domain/plan.ts";
import type { AuditEntry, Repositories } from "../../domain/store.ts";
import type { ApiContext, OperationRequest } from "../operation.ts";
import { DryRun } from "./dry-run.ts";

/**
 * Makes one durable write that leaves the desired state as it is: signing in and out. Its audit entry is in the same
 * transaction.
 * @throws DryRun instead, with nothing changed, where the request asks what would happen
 */
export async function record<Result>(
  { store }: ApiContext,
  request: OperationRequest,
  audit: AuditEntry,
  work: (tx: Repositories) => Promise<Result>,
): Promise<Result> {
  if (isRehearsal(request)) {
    const { before, after } = await store.rehearse(work);
    throw new DryRun(
      audit.action,
      planOf(before, after, () => 0),
    );
  }
  return store.observe(work, audit);
}

export function isRehearsal({ headers }: OperationRequest): boolean {
  return headers["x-postern-dry-run"] === "true";
}
