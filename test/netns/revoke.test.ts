import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { Consumer, NetnsSystem } from "../support/netns/system.ts";
import type { ApiAnswer } from "../support/postern.ts";
import { createEndpoint, ok } from "../support/service.ts";
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
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = ["a", "b", "t"].map((name) => ({ name, address: "10.0.0.50/24" }));
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

/**
 * Opens sessions of a consumer, half of them busy, and makes a change that has to cut all of them: after its answer not
 * one byte may pass, both ends have to see a reset, and new ones have to be refused.
 */
async function expectCut(
  consumer: Consumer,
  endpoint: Endpoint,
  count: number,
  change: () => Promise<ApiAnswer<object>>,
): Promise<void> {
  const { client } = consumer;
  const admitted: string[] = [];
  while (admitted.length < count) {
    const opened = await client.call("open", endpoint, Math.min(500, count - admitted.length));
    expect(opened.refused).toEqual({});
    admitted.push(...opened.admitted);
  }
  // The rest is idle: it learns of its end without having sent anything, but for the mark.
  const busy = admitted.slice(0, count / 2);
  await client.call("pump", busy);
  await withStreams(async () => {
    const answer = await change();
    // What either end sends from here on must not come through.
    await Promise.all([client.call("mark"), system.nodes.call("mark", busy)]);
    expect(answer.headers.get("x-postern-enforced")).toBe("true");
    expect(answer.headers.get("x-postern-severed")).toBe(String(count));
    for (const end of [client, system.nodes]) {
      const fates = async () => await end.call("fates", admitted);
      await eventually(async () => (await fates()).deaths["alive"] === undefined, {
        timeoutMs: 20_000,
        what: "the end of every session",
      });
      const { deaths, marks } = await fates();
      expect(Object.keys(deaths).filter((how) => how !== "ECONNRESET" && how !== "EPIPE")).toEqual([]);
      expect(marks).toBe(0);
    }
    expect(await client.call("probe", endpoint, 5_000)).toBe("ECONNREFUSED");
  });
  expect(await severedOf(endpoint, count)).toBe(count);
}

/** Returns how many sessions of an endpoint events say were cut, once they tell of so many or more. */
function severedOf(endpoint: Endpoint, atLeast: number): Promise<number> {
  type Cut = { readonly resource: string; readonly data: { readonly sessions: number } };
  const { api } = system.postern;
  return eventually(
    async () => {
      const answer = await api<{ readonly events: readonly Cut[] }>(
        "GET",
        "/postern/v1/{pid}/events?kinds=sessions.severed&limit=1000",
      );
      const cuts = ok(answer).events.filter(({ resource }) => resource === `endpoint/${endpoint.id}`);
      const told = cuts.reduce((sum, { data }) => sum + data.sessions, 0);
      return told >= atLeast && told;
    },
    { what: `events of ${atLeast} sessions that were cut` },
  );
}

test("after the answer to a reject not one byte passes, both ends see a reset, and neighbours nothing", async () => {
  await expectCut(cut, target, most, () => service.decide("reject", target.id));
  ok(await service.decide("receive", target.id));
  expect(await eventually(() => cut.client.call("get", target, "/again"))).toContain("/again");
});

test("so it is after the removal of an account from the whitelist: the other accounts' flows go on", async () => {
  const owner = system.postern.admin.account_id;
  const tenant = await system.tenant("t", "10.0.0.0/24");
  ok(await service.whitelist(owner, tenant.admin.account_id));
  type Vpcs = { readonly vpcs: readonly { readonly id: string; readonly name: string }[] };
  const { vpcs } = ok(await tenant.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  const guest = await createEndpoint(tenant, await service.name(), {
    vpc_id: vpcs.find(({ name }) => name === "t")?.id,
  });
  const consumer = system.consumer("t");
  await eventually(() => consumer.client.call("get", guest, "/ready"), { what: "the guest's endpoint" });
  await expectCut(consumer, guest, 1_000, () => service.whitelist(owner));
  // Who is still on the list was not so much as asked to connect anew.
  expect(await untouched.client.call("probe", spared, 5_000)).toBe("connected");
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
