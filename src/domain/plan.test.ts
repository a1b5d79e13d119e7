import { expect, test } from "vitest";
import type { DesiredState } from "./build-snapshot.ts";
import type { AccountId, EndpointId } from "./ids.ts";
import { planOf } from "./plan.ts";
import type { Endpoint } from "./resources.ts";
import { anEndpoint, aService } from "./test-fixtures.ts";

const service = aService();

function state(endpoints: readonly Endpoint[], enabled = true): DesiredState {
  const services = [{ ...service, enabled }];
  return { revision: 1, clusters: [], services, endpoints, unattachedVpcs: new Set() };
}

function endpoint(id: string, account: string, approval: Endpoint["approval"] = "accepted"): Endpoint {
  return {
    ...anEndpoint(),
    id: id as EndpointId,
    serviceId: service.id,
    accountId: account as AccountId,
    approval,
    rejectedBy: approval === "rejected" ? "owner" : null,
  };
}

const sessionsOf = (id: EndpointId): number => (id === "a" ? 7 : 2);

test("nothing changed: nothing would happen", () => {
  const same = state([endpoint("a", "x"), endpoint("b", "y", "pending")]);
  expect(planOf(same, same, sessionsOf)).toEqual({ endpoints: [], sessionsCut: 0, accountsLosingAccess: [] });
});

test("a reject cuts the sessions; the account with another endpoint keeps its access", () => {
  const before = state([endpoint("a", "x"), endpoint("b", "x"), endpoint("c", "y")]);
  const after = state([endpoint("a", "x", "rejected"), endpoint("b", "x"), endpoint("c", "y", "rejected")]);
  expect(planOf(before, after, sessionsOf)).toEqual({
    endpoints: [
      { id: "a", accountId: "x", effect: "cut", sessions: 7 },
      { id: "c", accountId: "y", effect: "cut", sessions: 2 },
    ],
    sessionsCut: 9,
    accountsLosingAccess: ["y"],
  });
});

test("closing the service cuts every accepted endpoint, and none that was not", () => {
  const endpoints = [endpoint("a", "x"), endpoint("b", "y", "pending")];
  const plan = planOf(state(endpoints), state(endpoints, false), sessionsOf);
  expect(plan).toEqual({
    endpoints: [{ id: "a", accountId: "x", effect: "cut", sessions: 7 }],
    sessionsCut: 7,
    accountsLosingAccess: ["x"],
  });
});

test("accepting, creating and deleting are told apart", () => {
  const before = state([endpoint("a", "x", "pending"), endpoint("b", "y")]);
  const after = state([endpoint("a", "x"), endpoint("new", "z")]);
  expect(planOf(before, after, sessionsOf)).toEqual({
    endpoints: [
      { id: "a", accountId: "x", effect: "admitted", sessions: 0 },
      { id: "b", accountId: "y", effect: "deleted", sessions: 2 },
      { id: "new", accountId: "z", effect: "created", sessions: 0 },
    ],
    sessionsCut: 2,
    accountsLosingAccess: ["y"],
  });
});
