import { expect, test } from "vitest";
import type { DesiredState } from "./build-snapshot.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { AccountId, EndpointId } from "./ids.ts";
import { planOf } from "./plan.ts";
import type { Endpoint, KernelVpc } from "./resources.ts";
import { aCluster, anEndpoint, aService, aVpc, vpcId } from "./test-fixtures.ts";

const service = aService();

function state(endpoints: readonly Endpoint[], enabled = true): DesiredState {
  const services = [{ ...service, enabled }];
  return {
    revision: 1,
    clusters: [],
    services,
    endpoints,
    kernelVpcs: [],
    unattachedVpcs: new Set(),
    resolvers: [],
    verifiedDomains: [],
  };
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
  expect(planOf(same, same, sessionsOf)).toEqual({
    endpoints: [],
    sessionsCut: 0,
    sessionsCutUpTo: 0,
    accountsLosingAccess: [],
  });
});

/** Sessions that a change cuts for sure, and at most, where each node has 11. */
function cut(before: DesiredState, after: DesiredState): readonly number[] {
  const { sessionsCut, sessionsCutUpTo } = planOf(before, after, sessionsOf, () => 11);
  return [sessionsCut, sessionsCutUpTo];
}

test("a node that is drained until a time may cut those on it, and one without a time none", () => {
  const drained = (cutAt: number | null): DesiredState => {
    const [first, ...others] = aCluster().nodes;
    const nodes = first ? [{ ...first, drain: { since: 1, cutAt } }, ...others] : [];
    return { ...state([]), clusters: [{ ...aCluster(), nodes }] };
  };
  const before = { ...state([]), clusters: [aCluster()] };
  expect(cut(before, drained(90))).toEqual([0, 11]);
  expect(cut(drained(null), drained(90))).toEqual([0, 11]);
  expect(cut(before, drained(null))).toEqual([0, 0]);
  expect(cut(drained(90), drained(90))).toEqual([0, 0]);
  expect(cut(drained(90), before)).toEqual([0, 0]);
});

test("a reject cuts the sessions; the account with another endpoint keeps its access", () => {
  const before = state([endpoint("a", "x"), endpoint("b", "x"), endpoint("c", "y")]);
  const after = state([endpoint("a", "x", "rejected"), endpoint("b", "x"), endpoint("c", "y", "rejected")]);
  expect(planOf(before, after, sessionsOf)).toEqual({
    endpoints: [
      { id: "a", accountId: "x", effect: "cut", sessions: 7, upTo: 7 },
      { id: "c", accountId: "y", effect: "cut", sessions: 2, upTo: 2 },
    ],
    sessionsCut: 9,
    sessionsCutUpTo: 9,
    accountsLosingAccess: ["y"],
  });
});

test("closing the service cuts every accepted endpoint, and none that was not", () => {
  const endpoints = [endpoint("a", "x"), endpoint("b", "y", "pending")];
  const plan = planOf(state(endpoints), state(endpoints, false), sessionsOf);
  expect(plan).toEqual({
    endpoints: [{ id: "a", accountId: "x", effect: "cut", sessions: 7, upTo: 7 }],
    sessionsCut: 7,
    sessionsCutUpTo: 7,
    accountsLosingAccess: ["x"],
  });
});

test("accepting, creating and deleting are told apart", () => {
  const before = state([endpoint("a", "x", "pending"), endpoint("b", "y")]);
  const after = state([endpoint("a", "x"), endpoint("new", "z")]);
  expect(planOf(before, after, sessionsOf)).toEqual({
    endpoints: [
      { id: "a", accountId: "x", effect: "admitted", sessions: 0, upTo: 0 },
      { id: "b", accountId: "y", effect: "deleted", sessions: 2, upTo: 2 },
      { id: "new", accountId: "z", effect: "created", sessions: 0, upTo: 0 },
    ],
    sessionsCut: 2,
    sessionsCutUpTo: 2,
    accountsLosingAccess: ["y"],
  });
});

function withSources(sources: readonly string[] | null): Endpoint {
  return {
    ...endpoint("a", "x"),
    sourceWhitelistEnabled: sources !== null,
    sourceWhitelist: sources ?? [],
  };
}

test("fewer sources cut at most every session, for the server does not know whose they are", () => {
  const plan = planOf(state([withSources(null)]), state([withSources(["10.0.0.0/8"])]), sessionsOf);
  expect(plan).toEqual({
    endpoints: [{ id: "a", accountId: "x", effect: "narrowed", sessions: 0, upTo: 7 }],
    sessionsCut: 0,
    sessionsCutUpTo: 7,
    accountsLosingAccess: [],
  });
});

test("no source at all cuts every session", () => {
  const plan = planOf(state([withSources(["10.0.0.1"])]), state([withSources([])]), sessionsOf);
  expect(plan).toEqual({
    endpoints: [{ id: "a", accountId: "x", effect: "cut", sessions: 7, upTo: 7 }],
    sessionsCut: 7,
    sessionsCutUpTo: 7,
    accountsLosingAccess: ["x"],
  });
});

test.each([
  [["10.0.0.0/8"], ["10.0.0.0/9", "10.128.0.0/9"], 0],
  [["10.0.0.0/9", "10.128.0.0/9"], ["10.0.0.0/8"], 0],
  [["10.0.0.1"], null, 0],
  [["10.0.0.1"], ["10.0.0.1", "10.0.0.2"], 0],
  [null, ["0.0.0.0/0"], 0],
  [["10.0.0.1", "10.0.0.3"], ["10.0.0.1"], 1],
  [["10.0.0.0/8"], ["10.0.0.0/9"], 1],
  [null, ["0.0.0.0/1"], 1],
])("sources %j to %j: %i endpoints are narrowed", (was, is, count) => {
  const plan = planOf(state([withSources(was)]), state([withSources(is)]), sessionsOf);
  expect(plan.endpoints.filter(({ effect }) => effect === "narrowed")).toHaveLength(count);
});

function dual(sources: readonly string[] | null): DesiredState {
  return state([{ ...withSources(sources), address6: "fd00:9::2" as Ipv6 }]);
}

test.each([
  [null, ["0.0.0.0/0"], "narrowed"],
  [null, ["0.0.0.0/0", "::/0"], undefined],
  [["fd00::/64"], ["fd00::/65", "fd00::8000:0:0:0/65"], undefined],
  [["fd00::/64"], ["fd00::/65"], "narrowed"],
  [["fd00::1", "10.0.0.1"], ["10.0.0.1"], "narrowed"],
  [["fd00::1"], [], "cut"],
])("sources %j to %j of an endpoint with both families: %s", (was, is, effect) => {
  expect(planOf(dual(was), dual(is), sessionsOf).endpoints.at(0)?.effect).toBe(effect);
});

test("an endpoint without an IPv6 address is reached by none of an IPv6 list", () => {
  const plan = planOf(state([withSources(null)]), state([withSources(["fd00::/64"])]), sessionsOf);
  expect(plan.endpoints).toMatchObject([{ effect: "cut" }]);
});

function on(device: string): readonly KernelVpc[] {
  return [{ ...aVpc(), attachment: { kind: "interface", device } }];
}

test("detaching a network cuts its sessions, attaching admits, and moving it may cut", () => {
  const plain = state([endpoint("a", "x"), endpoint("b", "y", "pending")]);
  const detached = { ...plain, unattachedVpcs: new Set([vpcId]) };
  const attached = { ...plain, kernelVpcs: on("eth1") };
  expect(planOf(attached, detached, sessionsOf)).toMatchObject({
    endpoints: [{ id: "a", effect: "cut", sessions: 7 }],
    accountsLosingAccess: ["x"],
  });
  expect(planOf(detached, attached, sessionsOf)).toMatchObject({
    endpoints: [{ id: "a", effect: "admitted" }],
  });
  expect(planOf(attached, { ...plain, kernelVpcs: on("eth2") }, sessionsOf)).toMatchObject({
    endpoints: [{ id: "a", effect: "moved", sessions: 0, upTo: 7 }],
  });
  const accepted = { ...state([endpoint("a", "x"), endpoint("b", "y")]), unattachedVpcs: new Set([vpcId]) };
  expect(planOf(detached, accepted, sessionsOf).endpoints).toMatchObject([{ id: "b", effect: "admitted" }]);
});
