import type { Answer } from "./api-client.ts";
import type { Output } from "./output.ts";

/** Says how many sessions a change cut and whether the gateways have applied it. */
export function describeEffect(answer: Answer<object>): string {
  const sessions = answer.severed === 1 ? "1 session was cut" : `${answer.severed} sessions were cut`;
  return answer.enforced === "true" ? `${sessions}; the gateways have applied it.` : `${sessions} so far.`;
}

/** Warns where a change is stored and not yet in force. */
export function warnIfPending(out: Output, answer: Answer<object>): void {
  if (answer.enforced !== "pending") return;
  out.warn("the change is stored, but not every gateway has applied it yet. Watch it with: postern status");
}
