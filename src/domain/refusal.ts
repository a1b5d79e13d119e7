/**
 * Why a connection was refused (design, invariant 8). Both sides can look every one of them up.
 * The order is fixed: gateways count refusals in arrays indexed by it.
 */
export const refusalReasons = [
  "not_accepted",
  "not_whitelisted",
  "source_not_allowed",
  "session_cap",
  "no_healthy_node",
  "service_closed",
  "connection_rate",
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

/** The reasons that a decision of the control plane can put on a whole endpoint. */
export type AdmissionRefusal = Extract<RefusalReason, "not_accepted" | "not_whitelisted" | "service_closed">;
