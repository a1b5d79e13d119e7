import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../domain/snapshot.ts";
import { endpointId, nodeId } from "../domain/test-fixtures.ts";
import { testDirectory } from "../lib/test-directory.ts";
import type { FakeEngine } from "./fake-engine.ts";
import { FakeServer } from "./fake-server.ts";
import { SnapshotFile } from "./snapshot-file.ts";
import { gateway, snapshotsWithNode, until } from "./test-agent.ts";

let aSnapshot: Awaited<ReturnType<typeof snapshotsWithNode>>;

beforeEach(async () => {
  aSnapshot = await snapshotsWithNode();
});

test("what was refused is told until the server has taken it, and then no more", async () => {
  const server = await FakeServer.start();
  server.publish(aSnapshot(1));
  const { engine, follow } = gateway(testDirectory());
  follow(server);
  await until(() => expect(server.reports.length).toBeGreaterThan(0));
  engine.refuse(endpointId, "session_cap");
  server.trouble = 500;
  // The first of them may have been put together before the refusal.
  await until(() => expect(server.troubledReports).toBeGreaterThan(1));
  engine.refuse(endpointId, "session_cap");
  server.trouble = null;
  const batches = () => server.reports.flatMap(({ refusals }) => refusals ?? []);
  await until(() => expect(batches()).toHaveLength(2));
  expect(batches().map(({ sequence, records }) => [sequence, records[0]?.count])).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect(new Set(batches().map(({ process: name }) => name)).size).toBe(1);
  const { length } = server.reports;
  await until(() => expect(server.reports.length).toBeGreaterThan(length + 1));
  expect(batches()).toHaveLength(2);
});

/** On a disk that is slower than the gateway's patience with an apply that failed. */
class SlowFile extends SnapshotFile {
  writes = 0;
  mostAtOnce = 0;
  #underWay = 0;

  override async write(snapshot: Snapshot): Promise<void> {
    this.writes += 1;
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    await delay(200);
    await super.write(snapshot);
    this.#underWay -= 1;
  }
}

test("a snapshot that could not be applied is written to the end before the next one is begun", async () => {
  const server = await FakeServer.start();
  server.publish(aSnapshot(7));
  const { engine, follow, file } = gateway(testDirectory(), (path) => new SlowFile(path));
  engine.failures = 1;
  follow(server);
  await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 7 }));
  expect(file).toMatchObject({ writes: 2, mostAtOnce: 1 });
});

test("a snapshot of another lineage is taken whatever its revision, and reported with it", async () => {
  const server = await FakeServer.start();
  const { follow, applied, file } = gateway(testDirectory());
  follow(server);
  server.publish({ ...aSnapshot(9, 2), lineage: "before" });
  await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: 9, lineage: "before" }));
  for (const revision of [4, 9]) {
    const lineage = `restored at ${revision}`;
    server.publish({ ...aSnapshot(revision), lineage });
    await until(() => expect(server.reports.at(-1)).toMatchObject({ appliedRevision: revision, lineage }));
    expect(await file.read()).toMatchObject({ revision, lineage });
  }
  expect(applied).toEqual([9, 4, 9]);
});

test("the log level that the server wants is told when it changes, and only then", async () => {
  const server = await FakeServer.start();
  const { follow, levels } = gateway(testDirectory());
  follow(server);
  server.publish(aSnapshot(7));
  await until(() => expect(server.reports.length).toBeGreaterThan(0));
  for (const [wanted, told] of [
    ["debug", "debug"],
    ["no level", undefined],
  ] as const) {
    server.logLevel = wanted;
    await until(() => expect(levels.at(-1)).toBe(told));
  }
  expect(levels).toEqual(["debug", undefined]);
});

/** What became of sessions on the first endpoint's nodes that get no new ones, with each apply. */
function fates(of: FakeEngine): readonly unknown[] {
  return of.applied.map(([first]) => first?.away?.map(({ sessions }) => sessions).join());
}

test("sessions on a draining node are closed, then cut, at the snapshot's times, also with the server dead and after a restart", async () => {
  const directory = testDirectory();
  const server = await FakeServer.start();
  const { follow, engine, end } = gateway(directory);
  follow(server);
  const now = Date.now();
  const drained = (cutAt: number): Snapshot => {
    const snapshot = aSnapshot(7);
    const drain = { since: now, cutAt };
    return {
      ...snapshot,
      services: snapshot.services.map((service) => ({
        ...service,
        nodes: service.nodes.map((node) => ({ ...node, drain })),
      })),
    };
  };
  const traffic = { newSessions: 5, bytesIn: 10, bytesOut: 100 };
  engine.onNodes.set(nodeId, { sessions: 3, traffic });
  server.publish(drained(now + 2_000));
  await until(() =>
    expect(server.reports.at(-1)).toMatchObject({
      appliedRevision: 7,
      nodeSessions: [{ nodeId, sessions: 3, traffic }],
    }),
  );
  await server.kill();
  await until(() => expect(fates(engine).at(-1)).toBe("cut"));
  // A slow machine may miss the first ones; the order is theirs.
  expect("stay,close,cut").toContain([...new Set(fates(engine))].join());
  await end();
  const again = gateway(directory);
  await again.agent.start();
  expect(fates(again.engine)).toEqual(["cut"]);
});
