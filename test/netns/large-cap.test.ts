import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { ConsumerProcedures } from "../support/netns/consumer-program.ts";
import { addresses, startDualLab, untilAnswered } from "../support/netns/dual-lab.ts";
import type { DualLab } from "../support/netns/dual-lab.ts";
import { endpointPort } from "../support/netns/lone-gateway.ts";
import { Remote } from "../support/netns/remote.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import type { Address } from "../support/session.ts";

/** A cap that the kernel does not count by itself: it is kept with credits. */
const most = 12_000;
const attempts = 20_000;
const at: Address = { ip: addresses.endpoint[0], port: endpointPort };

let lab: DualLab;
let clients: readonly Remote<ConsumerProcedures>[] = [];
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const plan = { number: 1, network: "a", service: "logs", address: at.ip, maxSession: most };
  lab = await startDualLab({ endpoints: [plan] });
  await untilAnswered(lab.sites.a, at.ip);
  const { client, namespace } = lab.sites.a;
  const start = () => Remote.start<ConsumerProcedures>(namespace, "consumer");
  // A process may have 20,000 files open, or fewer.
  clients = [client, await start(), await start(), await start()];
});
afterAll(async () => {
  if (obstacle !== "") return;
  for (const client of clients.slice(1)) await client.stop();
  await lab.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

const open = async (): Promise<number> => (await lab.nodes.call("raw")).open;

/** Opens as many as are still missing, and a few more, until the endpoint is full. */
async function fillUp(): Promise<void> {
  await eventually(
    async () => {
      const share = Math.ceil((most - (await open())) / clients.length) + 20;
      await Promise.all(clients.map((client) => client.call("open", at, share)));
      return (await open()) >= most;
    },
    { timeoutMs: 60_000, intervalMs: 100, what: "the endpoint to be full" },
  );
  expect(await open()).toBe(most);
}

test("of 20,000 clients at once 12,000 are let in, and as many again as go away", async () => {
  const bursts = await Promise.all(
    clients.map((client) => client.call("open", at, attempts / clients.length)),
  );
  const admitted = bursts.map((burst) => burst.admitted);
  expect(await open()).toBe(admitted.flat().length);
  expect(admitted.flat().length).toBeLessThanOrEqual(most);
  // All slots are to be had at once, but for those that were used a moment before.
  expect(admitted.flat().length).toBeGreaterThan(most * 0.99);
  expect(new Set(bursts.flatMap(({ refused }) => Object.keys(refused)))).toEqual(new Set(["ECONNREFUSED"]));
  await fillUp();
  for (const [index, client] of clients.entries()) {
    await client.call("close", admitted[index]?.slice(0, 1_000) ?? []);
  }
  await eventually(async () => (await open()) === most - clients.length * 1_000);
  await fillUp();
});
