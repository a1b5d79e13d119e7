import { planOf } from "../../domain/plan.ts";
import type { Repositories } from "../../domain/store.ts";
import type { ApiContext, OperationRequest } from "../operation.ts";
import { auditEntry } from "./audit-entry.ts";
import { DryRun } from "./dry-run.ts";
import { isRehearsal } from "./record.ts";

/** What a write did, and the headers that tell it. */
export interface Committed<Result> {
  readonly result: Result;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes one durable write and waits until the gateways have it in force (design, section 3). The answer says
 * `X-Postern-Enforced: true` only when they do; then no byte passes that the write forbids.
 * @param action the published name of the operation, for the audit trail
 * @param resource kind and id
 * @throws DryRun instead, with nothing changed, where the request asks what would happen
 */
export async function commit<Result>(
  context: ApiContext,
  request: OperationRequest,
  action: string,
  resource: string,
  work: (tx: Repositories, revision: number) => Promise<Result>,
): Promise<Committed<Result>> {
  if (isRehearsal(request)) {
    const { before, after } = await context.store.rehearse(work);
    throw new DryRun(
      action,
      planOf(
        before,
        after,
        (id) => context.live.endpoint(id)?.sessions ?? 0,
        (id) => context.live.nodeFigures(id)?.sessions ?? 0,
      ),
    );
  }
  const { result, revision } = await context.store.write(auditEntry(request, action, resource), work);
  const outcome = await context.enforcement.reached(revision);
  return {
    result,
    headers: {
      "x-postern-revision": String(revision),
      "x-postern-enforced": outcome.enforced ? "true" : "pending",
      ...(outcome.severedSessions > 0 ? { "x-postern-severed": String(outcome.severedSessions) } : {}),
    },
  };
}
