import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Caller, Endpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

type Explained = {
  readonly verdict: string;
  readonly reason?: string;
  readonly rules: readonly { readonly name: string; readonly outcome: string; readonly looked_at: string }[];
};
type Refused = {
  readonly reason: string;
  readonly rule: string;
  readonly source?: string;
  readonly endpoint: string;
  readonly account: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly count: number;
};

let postern: Postern;
let node: SearchNode;
let service: Service;
let consumer: Tenant;
let endpoint: Endpoint;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
  consumer = await createTenant(postern, "consumer");
  ok(await service.whitelist(consumer.admin.account_id));
  endpoint = await createEndpoint(consumer, await service.name());
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const explain = async (caller: Caller, query = ""): Promise<Explained> =>
  ok(await caller.api<Explained>("GET", `/postern/v1/{pid}/explain?endpoint=${endpoint.id}${query}`));
const refusals = async (caller: Caller, path: string): Promise<readonly Refused[]> =>
  ok(await caller.api<{ refusals: readonly Refused[] }>("GET", `/postern/v1/{pid}/${path}/refusals`))
    .refusals;

test("what explain says is what happens, before and after each change", async () => {
  const from = "127.9.0.7";
  const asked = `&source=${from}&port=${endpoint.port}`;
  expect(await explain(consumer, asked)).toMatchObject({ verdict: "admitted" });
  const session = await openSession({ ...endpoint, from });

  ok(await service.setCap(endpoint.id, 1));
  await eventually(async () => (await explain(consumer, asked)).reason === "session_cap");
  expect(await refusalOf({ ...endpoint, from })).toBe("ECONNRESET");
  session.close();
  await eventually(async () => (await explain(consumer, asked)).verdict === "admitted");

  const sources = { enable_whitelist: true, whitelist: ["10.0.0.0/8"] };
  ok(await consumer.api("PUT", `/v1/{pid}/vpc-endpoints/${endpoint.id}`, sources));
  expect(await explain(postern, asked)).toMatchObject({ verdict: "refused", reason: "source_not_allowed" });
  expect(await refusalOf({ ...endpoint, from })).toBe("ECONNRESET");

  ok(await service.decide("reject", endpoint.id));
  expect(await explain(consumer, asked)).toMatchObject({ verdict: "refused", reason: "not_accepted" });
  expect(await refusalOf({ ...endpoint, from })).toBe("ECONNRESET");
});

test("every refusal is kept with its rule, source, times and count, for the owner and the consumer", async () => {
  const wanted = ["not_accepted", "session_cap", "source_not_allowed"];
  const listed = async () => await refusals(consumer, `endpoints/${endpoint.id}`);
  await eventually(async () => (await listed()).length === wanted.length, { what: "three records" });
  const kept = await listed();
  expect(kept.map(({ reason }) => reason).toSorted()).toEqual(wanted);
  for (const one of kept) {
    expect(one).toMatchObject({
      source: "127.9.0.7",
      endpoint: endpoint.id,
      account: consumer.admin.account_id,
      count: 1,
    });
    expect(one.rule).toContain(endpoint.id);
    expect(one.first_at <= one.last_at).toBe(true);
  }
  expect(await refusals(postern, `clusters/${service.clusterId}`)).toEqual(kept);
});

test("the command line shows the chain and ends with 1 where it is refused, and lists refusals", async () => {
  const { code, stdout, stderr } = await postern.cli([
    "explain",
    "--endpoint",
    endpoint.id,
    "--source",
    "127.9.0.7",
  ]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✓ +service .*\n✓ +whitelist .*\n✗ +approval /);
  expect(stderr).toContain(`postern accept ${endpoint.id}`);
  const listed = await postern.cli(["refusals", "logs"]);
  expect(listed.stdout).toMatch(/session_cap +127\.9\.0\.7 +1 /);

  ok(await service.decide("receive", endpoint.id));
  const again = await postern.cli(["explain", "--endpoint", endpoint.id, "--source", "10.0.0.1", "--json"]);
  expect([again.code, (JSON.parse(again.stdout) as Explained).verdict]).toEqual([0, "admitted"]);
});

test("with every node dead the owner is told which, and the consumer nothing of them", async () => {
  await node.stop();
  await eventually(async () => (await explain(postern, "&source=10.0.0.1")).reason === "no_healthy_node");
  const [toOwner, toConsumer] = [
    await explain(postern, "&source=10.0.0.1"),
    await explain(consumer, "&source=10.0.0.1"),
  ];
  const { port } = new URL(node.url);
  expect(toOwner.rules.at(-1)?.looked_at).toContain(`port ${port}`);
  expect(toConsumer).toMatchObject({ verdict: "refused", reason: "no_healthy_node" });
  expect(JSON.stringify(toConsumer)).not.toContain(port);
});
