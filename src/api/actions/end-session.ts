import { PosternError } from "../../domain/errors.ts";
import { parseSessionId } from "../../domain/live-session.ts";
import type { Endpoint } from "../../domain/resources.ts";
import type { ApiContext, OperationReply, OperationRequest } from "../operation.ts";
import { auditEntry } from "./audit-entry.ts";
import { DryRun } from "./dry-run.ts";
import { isRehearsal, record } from "./record.ts";

const action = "endSession";

/**
 * Ends one session of an endpoint that the caller may do this to. It is on record before it is done: no session ends
 * without a trace of who wanted that.
 * @throws PosternError resource_not_found where there is no such session; gateway_unavailable where it is not known
 *   whether there is. DryRun instead, with nothing ended, where the request asks what would happen
 */
export async function endSession(
  context: ApiContext,
  request: OperationRequest,
  endpoint: Endpoint,
  id: string,
): Promise<OperationReply> {
  const session = parseSessionId(id);
  if (!session) throw notThere(id, endpoint);
  if (isRehearsal(request)) throw rehearsed(endpoint);
  const audit = auditEntry(request, action, `session/${endpoint.id}/${id}`);
  await record(context, request, audit, () => Promise.resolve());
  const asked = { endpoint: endpoint.id, session };
  const { answers, missing } = await context.questions.askAll("end_session", asked);
  if (answers.some(({ ended }) => ended)) {
    return { status: 204, headers: { "x-postern-enforced": "true", "x-postern-severed": "1" } };
  }
  if (missing.length === 0) throw notThere(id, endpoint);
  const silent = missing.map(({ gateway, reason }) => `gateway ${gateway}: ${reason}`).join("; ");
  throw new PosternError(
    "gateway_unavailable",
    `The gateways that answered do not carry session ${id} of endpoint ${endpoint.id}, and others do not answer (${silent}). Repeat it when they are back.`,
  );
}

function notThere(id: string, endpoint: Endpoint): PosternError {
  return new PosternError(
    "resource_not_found",
    `Endpoint ${endpoint.id} has no session ${id}, or none any more. List its sessions to see their ids.`,
  );
}

/** Nobody looks whether the session is there. */
function rehearsed({ id, accountId }: Endpoint): DryRun {
  return new DryRun(action, {
    endpoints: [{ id, accountId, effect: "cut", sessions: 0, upTo: 1 }],
    sessionsCut: 0,
    sessionsCutUpTo: 1,
    accountsLosingAccess: [],
  });
}
