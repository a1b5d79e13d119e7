import { failed, ok, skipped, warning, type Finding } from "./finding.ts";
import type { KnownEndpoint } from "./known-endpoint.ts";
import { adviceOn, standingRefusal } from "./refusal.ts";

const check = "endpoint";

/** Judges whether the endpoint carries connections, by what the API says. */
export function judgeAdmission(known: KnownEndpoint): Finding {
  const { id, status, note, failure } = known;
  if (note !== undefined) {
    return failed(
      check,
      note,
      "Ask the operator to attach a gateway: postern vpc attach VPC --attachment KIND",
    );
  }
  const reason = standingRefusal(known);
  if (reason !== undefined) {
    const { why, fix } = adviceOn(reason, known);
    return failed(check, `Its status is ${status}, and ${why}.`, fix);
  }
  if (status === "failed") {
    const why = failure ?? "its address did not come up.";
    return failed(
      check,
      `Its status is failed: ${why}`,
      "Ask the operator what postern status and the gateway's log say.",
    );
  }
  if (status !== "accepted") {
    return warning(
      check,
      `Its status is ${status}: it is not up yet.`,
      `Repeat in a moment: postern doctor ${id}`,
    );
  }
  if (known.sessions >= known.maxSession) {
    const { why, fix } = adviceOn("session_cap", known);
    return warning(check, `It is accepted, and ${why}: new ones are refused.`, fix);
  }
  const nodes = known.healthyNodes === undefined ? "" : `, nodes that serve: ${known.healthyNodes}`;
  return ok(
    check,
    `It is accepted, its service is open${nodes}; sessions: ${known.sessions}/${known.maxSession}.`,
  );
}

/** What stands in the place of that where the API was not asked, or does not know it. */
export function admissionUnknown(why: string, fix: string): Finding {
  return skipped(check, why, fix);
}
