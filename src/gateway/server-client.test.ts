import { expect, test } from "vitest";
import { aReport } from "../domain/test-fixtures.ts";
import { FakeServer, type Trouble } from "./fake-server.ts";
import { ServerClient } from "./server-client.ts";
import { aSnapshot } from "./test-snapshot.ts";

const forever = new AbortController().signal;

test("a poll gives the snapshot that is new to the gateway", async () => {
  const server = await FakeServer.start();
  const client = new ServerClient(server.credentials);
  server.publish(aSnapshot(7));
  expect(await client.nextSnapshot(null, forever)).toEqual({ snapshot: aSnapshot(7), requestIds: [] });
  const waiting = client.nextSnapshot(aSnapshot(7), forever);
  server.requestIds = ["a".repeat(32), "no id", "b".repeat(32)];
  server.publish(aSnapshot(8));
  const requestIds = ["a".repeat(32), "b".repeat(32)];
  expect(await waiting).toEqual({ snapshot: aSnapshot(8), requestIds });
});

test("a snapshot of another lineage is new, whatever its revision", async () => {
  const server = await FakeServer.start();
  const client = new ServerClient(server.credentials);
  const restored = { ...aSnapshot(7), lineage: "restored" };
  server.publish(restored);
  for (const known of [aSnapshot(7), aSnapshot(9), { ...aSnapshot(7), lineage: "before" }]) {
    expect(await client.nextSnapshot(known, forever)).toEqual({ snapshot: restored, requestIds: [] });
  }
});

test("a poll ends when the gateway does", async () => {
  const server = await FakeServer.start();
  const controller = new AbortController();
  const waiting = new ServerClient(server.credentials).nextSnapshot(null, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toThrow(/abort/);
});

test("a report is taken, and answered with the server's name", async () => {
  const server = await FakeServer.start();
  const report = aReport({ appliedRevision: 7 });
  expect(await new ServerClient(server.credentials).report(report, forever)).toEqual({
    instance: "instance-1",
    logLevel: undefined,
  });
  expect(server.reports).toEqual([report]);
});

test.each<Trouble>([401, 500, "garbage", "hang up"])(
  "with %j both calls fail and say so",
  async (trouble) => {
    const server = await FakeServer.start();
    server.publish(aSnapshot(7));
    server.trouble = trouble;
    const client = new ServerClient(server.credentials);
    await expect(client.nextSnapshot(null, forever)).rejects.toThrow(Error);
    await expect(client.report(aReport(), forever)).rejects.toThrow(Error);
  },
);

test("a wrong token is refused, and is not in the message", async () => {
  const server = await FakeServer.start();
  const client = new ServerClient({ ...server.credentials, token: "hunter2" });
  const message = await client.nextSnapshot(null, forever).catch(String);
  expect(message).toContain("401");
  expect(message).not.toContain("hunter2");
});
