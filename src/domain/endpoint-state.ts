import type { AdmissionRefusal } from "./refusal.ts";

/**
 * An endpoint's state has two independent parts. `phase` is what the gateways found out: is the address up?
 * `approval` is what the owner decided. Kept apart, an address that fails and comes back can never turn a
 * pending endpoint into an accepted one.
 */
export interface EndpointState {
  readonly phase: EndpointPhase;
  readonly approval: EndpointApproval;
  /** Who rejected it; null unless `approval` is `rejected`. */
  readonly rejectedBy: Rejecter | null;
}

export type EndpointPhase = "creating" | "ready" | "failed";
export type EndpointApproval = "pending" | "accepted" | "rejected";
export type Rejecter = "owner" | "whitelist";

/** The state as the wire shows it (contract sections 1.3 and 3.7). */
export const endpointStatuses = ["creating", "pendingAcceptance", "accepted", "rejected", "failed"] as const;
export type EndpointStatus = (typeof endpointStatuses)[number];

export type EndpointEvent = "receive" | "reject" | "leave_whitelist" | "attached" | "attach_failed";

type Change = Partial<EndpointState>;

const accepted: Change = { approval: "accepted", rejectedBy: null };
const rejectedByOwner: Change = { approval: "rejected", rejectedBy: "owner" };
const rejectedByWhitelist: Change = { approval: "rejected", rejectedBy: "whitelist" };

/** What each event does to the approval: the whole table. */
const approvalTable: Record<"receive" | "reject" | "leave_whitelist", Record<EndpointApproval, Change>> = {
  receive: { pending: accepted, accepted: {}, rejected: accepted },
  reject: { pending: rejectedByOwner, accepted: rejectedByOwner, rejected: {} },
  leave_whitelist: { pending: rejectedByWhitelist, accepted: rejectedByWhitelist, rejected: {} },
};

const phaseTable: Record<"attached" | "attach_failed", Record<EndpointPhase, Change>> = {
  attached: { creating: { phase: "ready" }, ready: {}, failed: { phase: "ready" } },
  attach_failed: { creating: { phase: "failed" }, ready: { phase: "failed" }, failed: {} },
};

/** Returns the next state; the same object where the event changes nothing, so that repeats are free. */
export function transition(state: EndpointState, event: EndpointEvent): EndpointState {
  const change =
    event === "attached" || event === "attach_failed"
      ? phaseTable[event][state.phase]
      : approvalTable[event][state.approval];
  return Object.keys(change).length === 0 ? state : { ...state, ...change };
}

/** Returns the state of a new endpoint: pending only where the owner wants to decide himself. */
export function initialState(needsApproval: boolean): EndpointState {
  return { phase: "creating", approval: needsApproval ? "pending" : "accepted", rejectedBy: null };
}

/** Returns the documented status word. A rejection is shown whatever the address does. */
export function endpointStatus(state: EndpointState): EndpointStatus {
  if (state.approval === "rejected") return "rejected";
  if (state.phase !== "ready") return state.phase;
  return state.approval === "pending" ? "pendingAcceptance" : "accepted";
}

/**
 * Returns why no connection may pass, or null. It does not look at the phase: an accepted endpoint passes
 * traffic from the moment its address is up, without a second round to the server.
 */
export function admissionRefusal(state: EndpointState, serviceEnabled: boolean): AdmissionRefusal | null {
  if (!serviceEnabled) return "service_closed";
  if (state.approval === "accepted") return null;
  return state.rejectedBy === "whitelist" ? "not_whitelisted" : "not_accepted";
}
