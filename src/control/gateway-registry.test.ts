import { beforeEach, describe, expect, test } from "vitest";
import type { Outcome } from "../domain/control.ts";
import type { EndpointId, GatewayId, NodeId } from "../domain/ids.ts";
import { aReport, endpointId, nodeId, serviceId, someFigures, uuid } from "../domain/test-fixtures.ts";
import { TestClock } from "../lib/test-clock.ts";
import { GatewayRegistry } from "./gateway-registry.ts";

const [first, second] = [uuid(61) as GatewayId, uuid(62) as GatewayId];
/** Longer than any test: who waits so long was not answered. */
const endlessMs = 60_000;
const minuteMs = 60_000;

let clock: TestClock;
let registry: GatewayRegistry;

beforeEach(() => {
  clock = new TestClock();
  registry = new GatewayRegistry(clock, endlessMs);
});

/** Says whether a promise is still open once everything that is due has run. */
async function isOpen(promise: Promise<Outcome>): Promise<boolean> {
  const open = Symbol("open");
  const turn = new Promise((resolve) => {
    setImmediate(resolve, open);
  });
  return (await Promise.race([promise, turn])) === open;
}

describe("a revision", () => {
  test("is in force when the one gateway has it, or a later one", async () => {
    registry.add(first, clock.now());
    const [five, six] = [registry.reached(5), registry.reached(6)];
    registry.report(first, aReport({ appliedRevision: 4 }));
    expect([await isOpen(five), await isOpen(six)]).toEqual([true, true]);
    registry.report(first, aReport({ appliedRevision: 5 }));
    expect(await five).toEqual({ enforced: true, severedSessions: 0 });
    expect(await isOpen(six)).toBe(true);
    registry.report(first, aReport({ appliedRevision: 7 }));
    expect(await six).toEqual({ enforced: true, severedSessions: 0 });
  });

  test("whose endpoints are still coming is not in force, and holds no other one up", async () => {
    registry.add(first, clock.now());
    const [created, rejected] = [registry.reached(5), registry.reached(6)];
    registry.report(first, aReport({ appliedRevision: 6, severedSessions: 2 }), new Set([5]));
    expect(await rejected).toEqual({ enforced: true, severedSessions: 2 });
    expect(await isOpen(created)).toBe(true);
    registry.report(first, aReport({ appliedRevision: 6 }));
    expect(await created).toMatchObject({ enforced: true });
  });

  test("that is in force already is answered at once", async () => {
    registry.add(first, null);
    registry.report(first, aReport({ appliedRevision: 9 }));
    expect(await registry.reached(9)).toEqual({ enforced: true, severedSessions: 0 });
  });

  test("waits for every gateway that was heard of lately", async () => {
    registry.add(first, clock.now());
    registry.add(second, clock.now());
    const outcome = registry.reached(5);
    registry.report(first, aReport({ appliedRevision: 5, severedSessions: 3 }));
    expect(await isOpen(outcome)).toBe(true);
    registry.report(second, aReport({ appliedRevision: 5, severedSessions: 4 }));
    expect(await outcome).toEqual({ enforced: true, severedSessions: 7 });
  });

  test("is not waited for where no gateway was heard of for five minutes, or ever", async () => {
    expect(await registry.reached(5)).toEqual({ enforced: false, severedSessions: 0 });
    registry.add(first, null);
    registry.add(second, clock.now());
    clock.advance(5 * minuteMs);
    expect(await registry.reached(5)).toEqual({ enforced: false, severedSessions: 0 });
  });

  test("is waited for again once a gateway asks or reports", async () => {
    registry.add(first, null);
    registry.seen(first);
    const outcome = registry.reached(5);
    expect(await isOpen(outcome)).toBe(true);
    registry.report(first, aReport({ appliedRevision: 5 }));
    expect(await outcome).toMatchObject({ enforced: true });
  });

  test("is pending when the gateway is too slow, with what it cut so far", async () => {
    registry = new GatewayRegistry(clock, 20);
    registry.add(first, clock.now());
    registry.add(second, clock.now());
    const outcome = registry.reached(5);
    registry.report(first, aReport({ appliedRevision: 5, severedSessions: 2 }));
    expect(await outcome).toEqual({ enforced: false, severedSessions: 2 });
  });

  test("is pending at once where the API may not wait", async () => {
    registry = new GatewayRegistry(clock, 0);
    registry.add(first, clock.now());
    expect(await registry.reached(5)).toEqual({ enforced: false, severedSessions: 0 });
  });
});

describe("the sessions that were cut", () => {
  test("are counted once, however often the gateway says so", async () => {
    registry.add(first, clock.now());
    registry.add(second, clock.now());
    const outcome = registry.reached(5);
    const report = aReport({ appliedRevision: 5, severedSessions: 3 });
    registry.report(first, report);
    registry.report(first, report);
    registry.report(second, aReport({ appliedRevision: 5 }));
    expect(await outcome).toEqual({ enforced: true, severedSessions: 3 });
  });

  test("are those of the revision that is waited for, not of the ones before and after", async () => {
    registry.add(first, clock.now());
    registry.add(second, clock.now());
    const [five, six] = [registry.reached(5), registry.reached(6)];
    registry.report(first, aReport({ appliedRevision: 5, severedSessions: 3 }));
    registry.report(first, aReport({ appliedRevision: 6, severedSessions: 40 }));
    registry.report(second, aReport({ appliedRevision: 6 }));
    expect(await five).toEqual({ enforced: true, severedSessions: 3 });
    expect(await six).toEqual({ enforced: true, severedSessions: 40 });
  });

  test("of a gateway that skipped a revision count for both", async () => {
    registry.add(first, clock.now());
    const [five, six] = [registry.reached(5), registry.reached(6)];
    registry.report(first, aReport({ appliedRevision: 6, severedSessions: 3 }));
    expect(await Promise.all([five, six])).toEqual([
      { enforced: true, severedSessions: 3 },
      { enforced: true, severedSessions: 3 },
    ]);
  });
});

describe("what is shown", () => {
  test("is the latest that a gateway said of an endpoint and of a node", () => {
    registry.add(first, null);
    const node = { serviceId, nodeId, healthy: true, detail: "HTTP 200" };
    registry.report(first, aReport({ endpoints: [someFigures({ sessions: 1 })], nodes: [node] }));
    registry.report(first, aReport({ endpoints: [someFigures({ sessions: 2 })], nodes: [node] }));
    expect(registry.endpoint(endpointId)).toEqual(someFigures({ sessions: 2 }));
    expect(registry.node(nodeId)).toEqual(node);
    expect(registry.endpoint(uuid(1) as EndpointId)).toBeUndefined();
    expect(registry.node(uuid(1) as NodeId)).toBeUndefined();
  });

  test("nodes are what the last report named; figures stay until they change", () => {
    registry.add(first, null);
    const node = { serviceId, nodeId, healthy: true, detail: "HTTP 200" };
    registry.report(first, aReport({ endpoints: [someFigures({ sessions: 4 })], nodes: [node] }));
    registry.report(first, aReport());
    expect(registry.node(nodeId)).toBeUndefined();
    expect(registry.endpoint(endpointId)).toMatchObject({ sessions: 4 });
  });

  test("a gateway that was restarted has no sessions from before", () => {
    registry.add(first, null);
    registry.report(first, aReport({ pid: 1, endpoints: [someFigures({ sessions: 4 })] }));
    registry.report(first, aReport({ pid: 2 }));
    expect(registry.endpoint(endpointId)).toBeUndefined();
    expect(registry.totalSessions()).toBe(0);
  });

  test("sessions are summed over endpoints and gateways; those of endpoints that are gone are not", () => {
    registry.add(first, null);
    registry.add(second, null);
    const other = uuid(51) as EndpointId;
    const endpoints = [someFigures({ sessions: 4 }), someFigures({ endpointId: other, sessions: 5 })];
    registry.report(first, aReport({ endpoints }));
    registry.report(second, aReport({ endpoints: [someFigures({ endpointId: other, sessions: 6 })] }));
    expect(registry.totalSessions()).toBe(15);
    registry.report(first, aReport({ gone: [other] }));
    expect(registry.totalSessions()).toBe(10);
  });

  test("a gateway is connected from its first report until it is silent for five seconds", () => {
    registry.add(first, clock.now());
    const view = () => registry.gateways()[0];
    const lastSeenAt = clock.now();
    const nothingTold = { appliedRevision: null, pid: null, engines: null };
    expect(view()).toEqual({ id: first, connected: false, ...nothingTold, lastSeenAt });
    registry.report(first, aReport({ appliedRevision: 3, engines: ["proxy"] }));
    const told = { appliedRevision: 3, pid: 4711, engines: ["proxy"] };
    expect(view()).toEqual({ id: first, connected: true, ...told, lastSeenAt });
    clock.advance(4_999);
    expect(view()).toMatchObject({ connected: true });
    clock.advance(1);
    expect(view()).toMatchObject({ connected: false, appliedRevision: 3 });
    registry.seen(first);
    expect(view()).toMatchObject({ connected: true });
  });

  test("a report of a gateway that nobody registered is left alone", () => {
    registry.report(second, aReport({ endpoints: [someFigures()] }));
    registry.seen(second);
    expect(registry.gateways()).toEqual([]);
    expect(registry.endpoint(endpointId)).toBeUndefined();
  });

  test("adding a known gateway again keeps what it said", () => {
    registry.add(first, null);
    registry.report(first, aReport({ appliedRevision: 3 }));
    registry.add(first, null);
    expect(registry.gateways()).toMatchObject([{ appliedRevision: 3 }]);
  });
});

test("what goes to a node is what goes through all gateways, and unknown while one of them has not counted", () => {
  const traffic = { newSessions: 5, bytesIn: 10, bytesOut: 100 };
  expect(registry.nodeFigures(nodeId)).toBeNull();
  registry.add(first, clock.now());
  registry.add(second, clock.now());
  registry.report(first, aReport({ nodeSessions: [{ nodeId, sessions: 3, traffic }] }));
  expect(registry.nodeFigures(nodeId)).toBeNull();
  registry.report(second, aReport({ nodeSessions: [] }));
  expect(registry.nodeFigures(nodeId)).toEqual({ sessions: 3, traffic });
  expect(registry.nodeFigures(uuid(99) as NodeId)).toEqual({ sessions: 0 });
  registry.report(second, aReport({ nodeSessions: [{ nodeId, sessions: 4, traffic }] }));
  const both = { newSessions: 10, bytesIn: 20, bytesOut: 200 };
  expect(registry.nodeFigures(nodeId)).toEqual({ sessions: 7, traffic: both });
  registry.report(second, aReport({ nodeSessions: [{ nodeId, sessions: 4 }] }));
  expect(registry.nodeFigures(nodeId)).toEqual({ sessions: 7 });
  registry.report(first, aReport());
  expect(registry.nodeFigures(nodeId)).toBeNull();
});
