import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";

type Line = { readonly endpoint: string; readonly source: string; readonly reason: string };

test("sessions that ended are in the flow log, with why, and across restarts of the gateway", async () => {
  const directory = await mkdtemp(join(tmpdir(), "postern-flows-"));
  const path = join(directory, "flows.jsonl");
  const lines = async (): Promise<Line[]> => {
    const text = await readFile(path, "utf8");
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
  };
  const node = await startNode();
  const postern = await startPostern({ args: ["--flow-log", path] });
  try {
    const service = await Service.open(postern, "logs", [node]);
    const own = await service.ownEndpoint();
    const done = await openSession(own);
    await done.finish("bye");
    await eventually(async () => (await lines()).length === 1);
    expect(await lines()).toMatchObject([{ endpoint: own.id, vpc: null, reason: "closed" }]);

    const { gateway } = await postern.pids();
    process.kill(gateway, "SIGKILL");
    await eventually(async () => (await postern.pids()).gateway !== gateway);
    const { name } = await eventually(() => openSession(own));
    expect(node.raw.sessions.has(name)).toBe(true);
    ok(await service.decide("reject", own.id));
    await eventually(async () => (await lines()).length === 2);
    expect((await lines())[1]).toMatchObject({
      source: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      reason: "severed",
    });
  } finally {
    await postern.stop();
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
