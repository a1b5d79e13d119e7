import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admissionRefusal,
  endpointStatus,
  initialState,
  transition,
  type EndpointEvent,
  type EndpointState,
} from "./endpoint-state.ts";

const event = fc.constantFrom<EndpointEvent>(
  "receive",
  "reject",
  "leave_whitelist",
  "attached",
  "attach_failed",
);
const events = fc.array(event, { maxLength: 30 });

function run(state: EndpointState, sequence: readonly EndpointEvent[]): EndpointState {
  return sequence.reduce(transition, state);
}

describe("after any sequence of events", () => {
  test("the state is what a plain model says: the last decision, and what the gateways said last", () => {
    fc.assert(
      fc.property(fc.boolean(), events, (needsApproval, sequence) => {
        const state = run(initialState(needsApproval), sequence);
        const decision = sequence.findLast((entry) =>
          ["receive", "reject", "leave_whitelist"].includes(entry),
        );
        const approval = needsApproval ? "pending" : "accepted";
        expect(state.approval).toBe(
          decision === undefined ? approval : decision === "receive" ? "accepted" : "rejected",
        );
        const attachment = sequence.findLast((entry) => entry === "attached" || entry === "attach_failed");
        const phases = { attached: "ready", attach_failed: "failed", none: "creating" } as const;
        expect(state.phase).toBe(phases[attachment ?? "none"]);
      }),
    );
  });

  test("a pending endpoint is not accepted, and passes nothing, without a receive", () => {
    fc.assert(
      fc.property(
        events.map((sequence) => sequence.filter((entry) => entry !== "receive")),
        (sequence) => {
          const state = run(initialState(true), sequence);
          expect(state.approval).not.toBe("accepted");
          expect(endpointStatus(state)).not.toBe("accepted");
          expect(admissionRefusal(state, true)).not.toBeNull();
        },
      ),
    );
  });

  test("it passes traffic exactly when it is accepted and the service is enabled", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), events, (needsApproval, enabled, sequence) => {
        const state = run(initialState(needsApproval), sequence);
        expect(admissionRefusal(state, enabled) === null).toBe(enabled && state.approval === "accepted");
      }),
    );
  });

  test("who rejected it is known exactly while it is rejected: whoever did it first", () => {
    fc.assert(
      fc.property(fc.boolean(), events, (needsApproval, sequence) => {
        const state = run(initialState(needsApproval), sequence);
        expect(state.rejectedBy !== null).toBe(state.approval === "rejected");
        const first = sequence
          .slice(sequence.lastIndexOf("receive") + 1)
          .find((entry) => entry === "reject" || entry === "leave_whitelist");
        const by = { reject: "owner", leave_whitelist: "whitelist" } as const;
        expect(state.rejectedBy).toBe(first === "reject" || first === "leave_whitelist" ? by[first] : null);
      }),
    );
  });

  test("the same event again changes nothing and gives back the same object", () => {
    fc.assert(
      fc.property(fc.boolean(), events, event, (needsApproval, sequence, last) => {
        const state = run(initialState(needsApproval), [...sequence, last]);
        expect(transition(state, last)).toBe(state);
      }),
    );
  });
});

describe("what is shown", () => {
  test.each([
    ["creating", { phase: "creating", approval: "pending", rejectedBy: null }],
    ["creating", { phase: "creating", approval: "accepted", rejectedBy: null }],
    ["pendingAcceptance", { phase: "ready", approval: "pending", rejectedBy: null }],
    ["accepted", { phase: "ready", approval: "accepted", rejectedBy: null }],
    ["rejected", { phase: "ready", approval: "rejected", rejectedBy: "owner" }],
    ["rejected", { phase: "creating", approval: "rejected", rejectedBy: "owner" }],
    ["rejected", { phase: "failed", approval: "rejected", rejectedBy: "whitelist" }],
    ["failed", { phase: "failed", approval: "pending", rejectedBy: null }],
    ["failed", { phase: "failed", approval: "accepted", rejectedBy: null }],
  ] as const)("the status word %s for %o", (word, state) => {
    expect(endpointStatus(state)).toBe(word);
  });

  test("the reason of a refusal names the service first, then who rejected", () => {
    const rejected = { phase: "ready", approval: "rejected" } as const;
    expect(admissionRefusal({ ...rejected, rejectedBy: "owner" }, true)).toBe("not_accepted");
    expect(admissionRefusal({ ...rejected, rejectedBy: "whitelist" }, true)).toBe("not_whitelisted");
    expect(admissionRefusal({ ...rejected, rejectedBy: "owner" }, false)).toBe("service_closed");
    expect(admissionRefusal(initialState(true), true)).toBe("not_accepted");
    expect(admissionRefusal(initialState(false), false)).toBe("service_closed");
  });
});
