import type { AuditEntry } from "../../domain/store.ts";
import { noProject, type OperationRequest } from "../operation.ts";

/**
 * Returns what the audit trail says of a request: who, from where, in which project.
 * @param action the published name of the operation
 * @param resource kind and id, never a secret
 */
export function auditEntry(request: OperationRequest, action: string, resource: string): AuditEntry {
  const { principal, requestId, source } = request;
  const { userId: actor, accountId, projectId } = principal;
  return {
    actor,
    accountId,
    ...(projectId === noProject ? {} : { projectId }),
    action,
    resource,
    requestId,
    source,
  };
}
