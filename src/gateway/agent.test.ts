import { mkdirSync, rmdirSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { endpointId, nodeId, serviceId, uuid } from "../domain/test-fixtures.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { startTestNode } from "../lib/test-node.ts";
import { FakeServer, type Trouble } from "./fake-server.ts";
import { answerEmpty, gateway, snapshotsWith, snapshotsWithNode, until } from "./test-agent.ts";

let aSnapshot: Awaited<ReturnType<typeof snapshotsWithNode>>;

beforeEach(async () => {
  aSnapshot = await snapshotsWithNode();
});

describe("without a server", () => {
  test("a gateway that knows nothing applies nothing", async () => {
    const { agent, engine, applied } = gateway(testDirectory());
    await agent.start();
    expect([engine.applied, applied]).toEqual([[], []]);
  });

  test("it starts from the last good snapshot", async () => {
    const directory = testDirectory();
    const server = await FakeServer.start();
    const before = gateway(directory);
    before.follow(server);
    server.publish(aSnapshot(7, 2));
    await until(() => expect(before.applied).toEqual([7]));
    await before.end();
    await server.kill();

    const after = gateway(directory);
    await after.agent.start();
    expect(after.applied).toEqual([7]);
    expect(after.engine.applied[0]).toMatchObject([{ address: "127.80.0.2" }, { address: "127.80.0.3" }]);
    after.follow(server);
    expect(after.engine.connect(endpointId)).toBeNull();
  });

  test("it goes on with what it has, and follows again when the server is back", async () => {
    const server = await FakeServer.start();
    const { follow, engine, applied } = gateway(testDirectory());
    follow(server);
    server.publish(aSnapshot(7));
    await until(() => expect(server.revisions).toEqual([7]));
    await server.kill();
    expect(engine.connect(endpointId)).toBeNull();
    server.publish(aSnapshot(8, 1, { refusal: "not_accepted" }));
    await server.listen();
    await until(() => expect(server.revisions).toEqual([7, 8]));
    expect(applied).toEqual([7, 8]);
    expect(server.reports.at(-1)).toMatchObject({
      appliedRevision: 8,
      severedSessions: 1,
      engines: ["proxy"],
    });
    expect(engine.connect(endpointId)).toBe("not_accepted");
  });
});

test("metrics tell the revision, applies that went well and that did not, sessions that were cut, and of the server", async () => {
  const server = await FakeServer.start();
  const { agent, follow, engine, metrics } = gateway(testDirectory());
  expect(await metrics()).toMatchObject({
    postern_gateway_applied_revision: "0",
    postern_gateway_snapshot_timestamp_seconds: "0",
    postern_gateway_server_contact_timestamp_seconds: "0",
  });
  const startedAt = Date.now() / 1_000;
  engine.taken.add("127.80.0.3");
  engine.failures = 1;
  follow(server);
  server.publish(aSnapshot(7, 2));
  await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 7 }));
  engine.connect(endpointId);
  engine.connect(endpointId);
  server.publish(aSnapshot(8, 2, { refusal: "not_accepted" }));
  await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 8 }));
  // The same once more cuts nothing more.
  const applies = engine.applied.length;
  agent.nodesChanged();
  await until(async () =>
    expect(Number((await metrics())["postern_gateway_apply_duration_seconds_count"])).toBeGreaterThan(
      applies,
    ),
  );
  const after = await metrics();
  expect(after).toMatchObject({
    postern_gateway_applied_revision: "8",
    postern_gateway_apply_errors_total: "1",
    postern_gateway_failed_endpoints: "1",
    postern_gateway_severed_sessions_total: "2",
  });
  expect(Number(after["postern_gateway_apply_duration_seconds_count"])).toBe(engine.applied.length);
  for (const of of ["snapshot", "server_contact"]) {
    const seconds = Number(after[`postern_gateway_${of}_timestamp_seconds`]);
    expect(seconds).toBeGreaterThanOrEqual(startedAt);
    expect(seconds).toBeLessThanOrEqual(Date.now() / 1_000);
  }
});

test("an endpoint that is coming is reported so, brought up with the engine's news, and reported at once", async () => {
  const server = await FakeServer.start();
  const { follow, engine } = gateway(testDirectory());
  engine.asked.add("127.80.0.2");
  follow(server);
  server.publish(aSnapshot(7, 2));
  await until(() =>
    expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 7, coming: [endpointId] }),
  );
  server.publish(aSnapshot(8, 2, { refusal: "not_accepted" }));
  await until(() =>
    expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 8, coming: [endpointId] }),
  );
  engine.finds("127.80.0.2");
  await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 8, coming: [] }));
  expect(engine.connect(endpointId)).toBe("not_accepted");
});

describe.each<Trouble>([401, 500, "garbage", "hang up"])("a server that answers %j", (trouble) => {
  test("changes nothing, and is asked again until it is well", async () => {
    const server = await FakeServer.start();
    const { follow, engine, applied, file } = gateway(testDirectory());
    server.publish(aSnapshot(7));
    follow(server);
    await until(() => expect(server.openPolls).toBe(1));
    server.trouble = trouble;
    // The poll that is open takes this one: trouble begins with the next call.
    server.publish(aSnapshot(8, 0));
    await until(() => expect(applied).toEqual([7, 8]));
    server.publish(aSnapshot(9, 1));
    await until(() => expect(server.troubled).toBeGreaterThan(2));
    expect(engine.applied.at(-1)).toEqual([]);
    expect(await file.read()).toMatchObject({ revision: 8 });
    server.trouble = null;
    await until(() => expect(server.revisions.at(-1)).toBe(9));
    expect(applied).toEqual([7, 8, 9]);
  });
});

describe("a report", () => {
  test("comes when the snapshot is in force and on disk, not before", async () => {
    const server = await FakeServer.start();
    const { follow, engine, file } = gateway(testDirectory());
    const seen: Promise<unknown>[] = [];
    server.onReport = ({ appliedRevision }) => {
      const inForce = engine.applied.length;
      seen.push(file.read().then((snapshot) => [appliedRevision, inForce, snapshot?.revision]));
    };
    const release = engine.hold();
    follow(server);
    server.publish(aSnapshot(7));
    // The file is there while the engine still works: nothing may have been said yet.
    await until(async () => expect(await file.read()).toMatchObject({ revision: 7 }));
    expect(server.reports).toEqual([]);
    release();
    await until(() => expect(server.reports.length).toBeGreaterThan(0));
    expect((await Promise.all(seen))[0]).toEqual([7, 1, 7]);
  });

  test("does not come while the disk refuses the snapshot; it is asked for again", async () => {
    const server = await FakeServer.start();
    const { follow, path, engine, applied } = gateway(testDirectory());
    mkdirSync(`${path}.new`);
    follow(server);
    server.publish(aSnapshot(7));
    await until(() => expect(engine.applied.length).toBeGreaterThan(1));
    expect([server.reports, applied]).toEqual([[], []]);
    rmdirSync(`${path}.new`);
    await until(() => expect(server.revisions).toEqual([7]));
    expect(applied).toEqual([7]);
  });

  test("does not come while the engine fails; what failed is tried again", async () => {
    const server = await FakeServer.start();
    const { follow, engine, applied } = gateway(testDirectory());
    engine.failures = 3;
    follow(server);
    server.publish(aSnapshot(7));
    await until(() => expect(server.revisions).toEqual([7]));
    expect([engine.applied.length, applied]).toEqual([1, [7]]);
  });

  test("names the process, what was cut, and every endpoint that could not be brought up", async () => {
    const server = await FakeServer.start();
    const { follow, engine } = gateway(testDirectory());
    engine.taken.add("127.80.0.3");
    follow(server);
    server.publish(aSnapshot(7, 2));
    await until(() => expect(server.revisions).toEqual([7]));
    expect(server.reports[0]).toMatchObject({
      pid: process.pid,
      severedSessions: 0,
      failures: [{ endpointId: uuid(501), code: "port_taken", message: "127.80.0.3 is taken" }],
    });
    engine.connect(endpointId);
    engine.connect(endpointId);
    server.publish(aSnapshot(8, 2, { refusal: "service_closed" }));
    await until(() => expect(server.revisions).toEqual([7, 8]));
    expect(server.reports.find(({ appliedRevision }) => appliedRevision === 8)).toMatchObject({
      severedSessions: 2,
    });
  });

  test("carries figures when they change, and once more in full to a server that was restarted", async () => {
    const server = await FakeServer.start();
    const { follow, engine } = gateway(testDirectory());
    follow(server);
    server.publish(aSnapshot(7, 2));
    const told = () => server.reports.at(-1)?.endpoints.map((figures) => figures.endpointId);
    await until(() => expect(server.reports.length).toBeGreaterThan(0));
    expect(server.reports[0]?.endpoints).toHaveLength(2);
    await until(() => expect(told()).toEqual([]));
    engine.connect(endpointId);
    await until(() => expect(told()).toEqual([endpointId]));
    await until(() => expect(told()).toEqual([]));
    server.instance = "instance-2";
    await until(() => expect(told()).toHaveLength(2));
    await until(() => expect(told()).toEqual([]));
  });

  test("names endpoints that are gone, until the server has heard it", async () => {
    const server = await FakeServer.start();
    const { follow } = gateway(testDirectory());
    follow(server);
    server.publish(aSnapshot(7, 2));
    // The second report is the first that the gateway knows to be remembered.
    await until(() => expect(server.reports.length).toBeGreaterThan(1));
    server.publish(aSnapshot(8, 1));
    await until(() =>
      expect(server.reports.some(({ gone }) => gone.includes(uuid(501) as never))).toBe(true),
    );
    await until(() => expect(server.reports.at(-1)?.gone).toEqual([]));
    expect(new Set(server.reports.flatMap(({ gone }) => gone))).toEqual(new Set([uuid(501)]));
  });
});

test("snapshots are applied one after the other, and the last one wins", async () => {
  const server = await FakeServer.start();
  const { follow, engine, agent, file } = gateway(testDirectory());
  follow(server);
  server.publish(aSnapshot(1));
  await until(() => expect(server.revisions).toEqual([1]));
  const release = engine.hold();
  server.publish(aSnapshot(2, 5));
  // On disk while the engine still works: now nodes come and go, and newer snapshots arrive.
  await until(async () => expect(await file.read()).toMatchObject({ revision: 2 }));
  agent.nodesChanged();
  agent.nodesChanged();
  server.publish(aSnapshot(3, 6));
  server.publish(aSnapshot(4, 7));
  release();
  await until(() => expect(server.revisions.at(-1)).toBe(4));
  expect(engine.applied.at(-1)).toHaveLength(7);
  expect(engine.overlapped).toBe(false);
});

test("an older revision is followed too: the server may have been restored", async () => {
  const server = await FakeServer.start();
  const { follow, applied } = gateway(testDirectory());
  follow(server);
  server.publish(aSnapshot(7));
  await until(() => expect(server.revisions).toEqual([7]));
  server.publish(aSnapshot(3));
  await until(() => expect(server.revisions).toEqual([7, 3]));
  expect(applied).toEqual([7, 3]);
});

test("an address that was taken is tried again by itself, and comes up when it is free", async () => {
  const server = await FakeServer.start();
  const { follow, engine } = gateway(testDirectory());
  engine.taken.add("127.80.0.2");
  follow(server);
  server.publish(aSnapshot(7));
  await until(() => expect(server.reports.at(-1)?.failures).toHaveLength(1));
  engine.taken.clear();
  await until(() => expect(server.reports.at(-1)?.failures).toEqual([]));
});

test("a node that dies is taken out of the desired state, and comes back", async () => {
  const server = await FakeServer.start();
  const { follow, engine } = gateway(testDirectory());
  const node = await startTestNode(answerEmpty);
  server.publish(snapshotsWith(node.port)(7));
  follow(server);
  await until(() => expect(engine.applied.at(-1)?.[0]?.nodes).toHaveLength(1));
  await node.stop();
  await until(() => expect(engine.applied.at(-1)).toMatchObject([{ nodes: [] }]));
  expect(engine.connect(endpointId)).toBe("no_healthy_node");
  await until(() =>
    expect(server.reports.at(-1)?.nodes).toEqual([
      { serviceId, nodeId, healthy: false, detail: "ECONNREFUSED" },
    ]),
  );
  await startTestNode(answerEmpty, undefined, node.port);
  await until(() => expect(engine.applied.at(-1)?.[0]?.nodes).toHaveLength(1));
  // No new snapshot came: the revision is the same.
  expect(server.revisions).toEqual([7]);
});

test("close ends the poll, waits for what is being applied, and closes the engine", async () => {
  const server = await FakeServer.start();
  const { follow, engine, agent, end } = gateway(testDirectory());
  follow(server);
  server.publish(aSnapshot(7));
  await until(() => expect(server.revisions).toEqual([7]));
  const release = engine.hold();
  server.publish(aSnapshot(8, 2));
  agent.nodesChanged();
  const ended = end();
  expect(engine.closed).toBe(false);
  release();
  await ended;
  expect(engine.closed).toBe(true);
});
