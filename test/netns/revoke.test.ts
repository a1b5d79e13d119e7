import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { kernelEngineObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { Consumer, NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

const most = 3_000;
const [first, second] = ["10.8.0.11", "10.8.0.12"] as const;

let system: NetnsSystem;
let service: Service;
let target: Endpoint;
let spared: Endpoint;
let cut: Consumer;
let untouched: Consumer;
let obstacle = "";
beforeAll(async () => {
  obstacle = await kernelEngineObstacle();
  if (obstacle !== "") return;
  const consumers = ["a", "b"].map((name) => ({ name, address: "10.0.0.50/24" }));
  const plan = { nodes: [`${first}/24`, `${second}/24`], gateway: "10.8.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24", b: "10.0.0.0/24" });
  service = await system.openService("logs", [first, second]);
  target = await system.endpoint("a", service);
  spared = await system.endpoint("b", service);
  [cut, untouched] = [system.consumer("a"), system.consumer("b")];
  await eventually(() => cut.client.call("get", target, "/ready"));
  await eventually(() => untouched.client.call("get", spared, "/ready"));
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** Keeps checked bytes going through the spared endpoint while `change` happens; none may be lost or wrong. */
async function withStreams(change: () => Promise<void>): Promise<void> {
  const { admitted } = await untouched.client.call("open", spared, 20);
  expect(admitted.length).toBe(20);
  await untouched.client.call("stream", admitted);
  await change();
  const sofar = await untouched.client.call("streamed");
  await eventually(async () => (await untouched.client.call("streamed")) > sofar + 100_000);
  for (const { sent, received } of await untouched.client.call("finishStreams")) {
    expect(received).toEqual(sent);
  }
  await untouched.client.call("close", admitted);
}

test("after the answer to a reject not one byte passes, both ends see a reset, and neighbours nothing", async () => {
  const admitted: string[] = [];
  while (admitted.length < most) {
    const opened = await cut.client.call("open", target, 500);
    expect(opened.refused).toEqual({});
    admitted.push(...opened.admitted);
  }
  // The rest is idle: it learns of its end without having sent anything, but for the mark.
  await cut.client.call("pump", admitted.slice(0, most / 2));
  await withStreams(async () => {
    const answer = await service.decide("reject", target.id);
    // What either end sends from here on must not come through.
    await Promise.all([cut.client.call("mark"), system.nodes.call("mark", admitted.slice(0, most / 2))]);
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    expect(answer.headers.get("x-postern-severed")).toBe(String(most));
    for (const end of [cut.client, system.nodes]) {
      const fates = async () => await end.call("fates", admitted);
      await eventually(async () => (await fates()).deaths["alive"] === undefined, {
        timeoutMs: 20_000,
        what: "the end of every session",
      });
      const { deaths, marks } = await fates();
      expect(Object.keys(deaths).filter((how) => how !== "ECONNRESET" && how !== "EPIPE")).toEqual([]);
      expect(marks).toBe(0);
    }
    expect(await cut.client.call("probe", target, 5_000)).toBe("ECONNREFUSED");
  });
  ok(await service.decide("receive", target.id));
  await eventually(() => cut.client.call("get", target, "/again"));
});

test("an edit of the whitelist leaves flows that it allows as they are", async () => {
  await withStreams(async () => {
    // The streams themselves are judged when they are finished.
    const account = system.postern.admin.account_id;
    ok(await service.whitelist(account, "0123456789abcdef0123456789abcdef"));
    const answer = await service.whitelist(account);
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
  });
});

test("a node that is drained keeps its flows, and gets no new ones", async () => {
  await withStreams(async () => {
    await system.nodes.call("setHealthy", first, false);
    let before: readonly number[] = [];
    await eventually(
      async () => {
        before = (await system.nodes.call("raw")).openOf;
        const { admitted } = await cut.client.call("open", target, 10);
        const after = (await system.nodes.call("raw")).openOf;
        await cut.client.call("close", admitted);
        return admitted.length === 10 && after[0] === before[0];
      },
      { timeoutMs: 20_000, intervalMs: 200, what: "new sessions to go to the other node only" },
    );
    // Those that it had from before are still there.
    expect(before[0]).toBeGreaterThan(0);
    await system.nodes.call("setHealthy", first, true);
  });
});
