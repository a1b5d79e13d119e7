import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import { Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";

test("a session that says nothing for the idle timeout is ended, one that speaks is not", async () => {
  const node = await startNode();
  const postern = await startPostern({ args: ["--idle-timeout", "2"] });
  const service = await Service.open(postern, "logs", [node]);
  const own = await service.ownEndpoint();
  const [idle, busy] = [await openSession(own), await openSession(own)];
  await eventually(
    async () => {
      await busy.echo();
      return idle.death;
    },
    { timeoutMs: 20_000, intervalMs: 100, what: "the end of the idle session" },
  );
  expect(idle.death).toBe("ECONNRESET");
  expect(node.raw.sessions.get(idle.name)?.death).toBe("ECONNRESET");
  await busy.echo();
  busy.close();
  await postern.stop();
  await node.stop();
});
