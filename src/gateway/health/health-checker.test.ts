import type { RequestListener } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import type { HealthCheck, Snapshot } from "../../domain/snapshot.ts";
import { gatewayId, serviceId, uuid } from "../../domain/test-fixtures.ts";
import { startTestNode, testCertificate, type TestNode } from "../../lib/test-node.ts";
import { HealthChecker, type HealthSettings } from "./health-checker.ts";

const [first, second] = [uuid(81) as NodeId, uuid(82) as NodeId];
const plain: HealthCheck = { scheme: "http", path: "/", insecureSkipVerify: false };

function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

function start(wish: Partial<HealthSettings> = {}) {
  const changes: boolean[] = [];
  const settings = { intervalMs: 10, retryMs: 10, timeoutMs: 5_000, failuresToRemove: 2, ...wish };
  const checker = new HealthChecker(settings, () => changes.push(checker.shareOf(first) > 0));
  onTestFinished(() => checker.close());
  return { checker, changes };
}

function watching(nodes: readonly (readonly [NodeId, number])[], check: Partial<HealthCheck> = {}): Snapshot {
  const service = {
    id: serviceId,
    nodes: nodes.map(([id, port]) => ({ id, host: "127.0.0.1", port })),
    healthCheck: { ...plain, ...check },
  };
  return { format: 1, gatewayId, region: "r", revision: 1, services: [service], endpoints: [] };
}

/** A node that answers with a status that the test sets, and counts the requests. */
async function nodeWith(status: number, port = 0) {
  const state = { status, requests: 0, authorization: undefined as string | undefined };
  const handle: RequestListener = (request, response) => {
    state.requests += 1;
    state.authorization = request.headers.authorization;
    response.writeHead(state.status).end();
  };
  const node = await startTestNode(handle, undefined, port);
  return { ...node, state };
}

describe("a node that answers", () => {
  test.each([200, 204, 301, 401, 403, 404, 429, 499])("HTTP %i is healthy", async (status) => {
    const { checker, changes } = start();
    const node = await nodeWith(status);
    checker.watch(watching([[first, node.port]]));
    await until(() =>
      expect(checker.report()).toEqual([
        { serviceId, nodeId: first, healthy: true, detail: `HTTP ${status}` },
      ]),
    );
    expect([checker.shareOf(first) > 0, changes]).toEqual([true, []]);
  });

  test.each([500, 502, 503])("HTTP %i is not", async (status) => {
    const { checker, changes } = start();
    const node = await nodeWith(status);
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(changes).toEqual([false]));
    expect(checker.report()).toEqual([
      { serviceId, nodeId: first, healthy: false, detail: `HTTP ${status}` },
    ]);
  });
});

test("whether a node serves is not known before it said so", async () => {
  const { checker, changes } = start();
  const node = await nodeWith(200);
  expect(checker.isHealthy(first)).toBeNull();
  checker.watch(watching([[first, node.port]]));
  expect(checker.isHealthy(first)).toBeNull();
  await until(() => expect(checker.isHealthy(first)).toBe(true));
  node.state.status = 500;
  await until(() => expect(checker.isHealthy(first)).toBe(false));
  expect(changes).toEqual([false]);
});

describe("a node that does not answer", () => {
  test("is dead, with the reason", async () => {
    const { checker, changes } = start();
    const node = await nodeWith(200);
    await node.stop();
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(changes).toEqual([false]));
    expect(checker.report()).toMatchObject([{ healthy: false, detail: "ECONNREFUSED" }]);
  });

  test("in time is too slow", async () => {
    const { checker, changes } = start({ timeoutMs: 40 });
    const node = await startTestNode(() => undefined);
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(changes).toEqual([false]));
    expect(checker.report()).toMatchObject([{ healthy: false, detail: "timeout after 40 ms" }]);
  });
});

test("a node that nobody has checked yet may be used, and is not reported", async () => {
  const { checker, changes } = start();
  const node = await startTestNode(() => undefined);
  checker.watch(watching([[first, node.port]]));
  expect([checker.shareOf(first) > 0, checker.shareOf(second) > 0]).toEqual([true, true]);
  expect([checker.report(), changes]).toEqual([[], []]);
});

test("one lost answer takes out nobody who served, two do, and one answer brings him back", async () => {
  const { checker, changes } = start({ failuresToRemove: 3 });
  let [status, failed] = [200, 0];
  const node = await startTestNode((_request, response) => {
    if (status === 503) failed += 1;
    // Two failures, then well again: never three in a row.
    if (failed === 2) status = 200;
    response.writeHead(failed < 3 && status === 503 ? 503 : status).end();
  });
  checker.watch(watching([[first, node.port]]));
  await until(() => expect(checker.report()).toMatchObject([{ healthy: true }]));
  status = 503;
  await until(() => expect(failed).toBe(2));
  await until(() => expect(checker.report()).toMatchObject([{ healthy: true, detail: "HTTP 200" }]));
  expect(changes).toEqual([]);
  failed = 10;
  status = 503;
  await until(() => expect(changes).toEqual([false]));
  expect(failed).toBe(13);
  status = 200;
  await until(() => expect(changes).toEqual([false, true]));
});

test("credentials are sent; the path is asked for", async () => {
  const { checker } = start();
  const node = await nodeWith(200);
  checker.watch(watching([[first, node.port]], { authorization: "Basic YTpi" }));
  await until(() => expect(node.state.authorization).toBe("Basic YTpi"));
});

test("over TLS the certificate must chain to the CA, unless checking is off", async () => {
  const { key, cert } = testCertificate();
  const node = await startTestNode((_request, response) => void response.end(), { key, cert });
  const verdict = async (check: Partial<HealthCheck>): Promise<string | undefined> => {
    const { checker } = start();
    checker.watch(watching([[first, node.port]], { scheme: "https", ...check }));
    await until(() => expect(checker.report()).toHaveLength(1));
    return checker.report()[0]?.detail;
  };
  expect(await verdict({ ca: cert })).toBe("HTTP 200");
  expect(await verdict({ insecureSkipVerify: true })).toBe("HTTP 200");
  expect(await verdict({})).toContain("SELF_SIGNED");
});

describe("another snapshot", () => {
  test("with the node as before keeps what is known of it, and asks nothing anew", async () => {
    const { checker, changes } = start({ retryMs: 60_000 });
    const node = await nodeWith(503);
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(changes).toEqual([false]));
    checker.watch(watching([[first, node.port]]));
    expect(checker.shareOf(first) > 0).toBe(false);
    expect(node.state.requests).toBe(1);
  });

  test.each<[string, Partial<HealthCheck>]>([
    ["credentials", { authorization: "Basic YTpi" }],
    ["path", { path: "/_cluster/health" }],
  ])("with another %s starts over", async (_name, check) => {
    const { checker, changes } = start({ retryMs: 60_000 });
    const node = await nodeWith(503);
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(changes).toEqual([false]));
    node.state.status = 200;
    checker.watch(watching([[first, node.port]], check));
    expect([checker.shareOf(first) > 0, checker.report()]).toEqual([true, []]);
    await until(() => expect(checker.report()).toMatchObject([{ healthy: true }]));
  });

  test("without the node forgets it: a late answer changes nothing", async () => {
    const { checker, changes } = start();
    const pending: (() => void)[] = [];
    const node = await startTestNode((_request, response) => {
      pending.push(() => response.writeHead(503).end());
    });
    const other = await nodeWith(200);
    checker.watch(watching([[first, node.port]]));
    await until(() => expect(pending).toHaveLength(1));
    checker.watch(watching([[second, other.port]]));
    for (const answer of pending) answer();
    await until(() => expect(checker.report()).toHaveLength(1));
    const { requests } = other.state;
    await until(() => expect(other.state.requests).toBeGreaterThan(requests + 3));
    expect([checker.report()[0]?.nodeId, checker.shareOf(first) > 0, changes]).toEqual([second, true, []]);
    expect(pending).toHaveLength(1);
  });
});

test("a node that somebody failed to reach is checked at once; others are not", async () => {
  const { checker, changes } = start({ intervalMs: 60_000, failuresToRemove: 1 });
  const [down, up] = [await nodeWith(200), await nodeWith(200)];
  checker.watch(
    watching([
      [first, down.port],
      [second, up.port],
    ]),
  );
  await until(() => expect(checker.report()).toHaveLength(2));
  await down.stop();
  checker.suspect({ host: "127.0.0.1", port: down.port });
  await until(() => expect(changes).toEqual([false]));
  expect(up.state.requests).toBe(1);
});

test("a node that comes back on the same port is found", async () => {
  const { checker, changes } = start();
  const before: TestNode = await nodeWith(200);
  await before.stop();
  checker.watch(watching([[first, before.port]]));
  await until(() => expect(changes).toEqual([false]));
  await nodeWith(200, before.port);
  await until(() => expect(changes).toEqual([false, true]));
});

test("after close nothing is asked or called any more", async () => {
  const { checker, changes } = start();
  const pending: (() => void)[] = [];
  const node = await startTestNode((_request, response) => {
    pending.push(() => response.writeHead(503).end());
  });
  checker.watch(watching([[first, node.port]]));
  await until(() => expect(pending).toHaveLength(1));
  checker.close();
  for (const answer of pending) answer();
  checker.watch(watching([[second, node.port]]));
  checker.suspect({ host: "127.0.0.1", port: node.port });
  // The request of another checker comes behind any that this one may have sent.
  start().checker.watch(watching([[first, node.port]]));
  await until(() => expect(pending.length).toBeGreaterThan(1));
  expect([checker.report(), changes, pending.length]).toEqual([[], [], 2]);
});

test("a node that drains is asked on, gets nothing meanwhile, and comes back with a small share", async () => {
  const { checker } = start();
  const [one, two] = [await nodeWith(200), await nodeWith(200)];
  const snapshot = watching([
    [first, one.port],
    [second, two.port],
  ]);
  const drained: Snapshot = {
    ...snapshot,
    services: snapshot.services.map((service) => ({
      ...service,
      nodes: service.nodes.map((node) =>
        node.id === first ? { ...node, drain: { since: 1, cutAt: null } } : node,
      ),
    })),
  };
  checker.watch(snapshot);
  await until(() => expect(checker.report()).toHaveLength(2));
  expect([checker.shareOf(first), checker.shareOf(second)]).toEqual([4, 4]);
  checker.watch(drained);
  expect(checker.report().map(({ healthy }) => healthy)).toEqual([true, true]);
  expect([checker.shareOf(first), checker.shareOf(second)]).toEqual([0, 4]);
  checker.watch(snapshot);
  expect([checker.shareOf(first), checker.shareOf(second)]).toEqual([1, 4]);
});

test("a node that answers, and takes no connections again and again, is taken out, and it is said why", async () => {
  const { checker } = start();
  const [one, two] = [await nodeWith(200), await nodeWith(200)];
  checker.watch(
    watching([
      [first, one.port],
      [second, two.port],
    ]),
  );
  await until(() => {
    checker.suspect({ id: first, host: "127.0.0.1", port: one.port });
    expect(checker.shareOf(first)).toBe(0);
  });
  const [report] = checker.report();
  expect(report).toMatchObject({ nodeId: first, healthy: false });
  expect(report?.detail).toBe(
    "taken out for 10 s: connections to it failed in 3 of the last 10 s; last check: HTTP 200",
  );
  expect([checker.shareOf(second), checker.isHealthy(first)]).toEqual([4, true]);
});
